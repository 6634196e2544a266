#!/usr/bin/env bash
# Health check of the gateway's container: ready means that it reaches PostgreSQL.
set -euo pipefail
exec curl -fsS -o /dev/null -m 5 "http://127.0.0.1:${APP__PORT:-8000}/readyz"
