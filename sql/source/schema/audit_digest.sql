-- Digests of the checkpoints of the audit.

CREATE TABLE mvm.audit_digest (
    checkpoint_id bigint NOT NULL,
    covered int8multirange NOT NULL,
    digest bytea NOT NULL,
    CONSTRAINT audit_digest_pkey PRIMARY KEY (checkpoint_id),
    CONSTRAINT audit_digest_length CHECK (pg_catalog.octet_length(digest) = 32)
);
COMMENT ON TABLE mvm.audit_digest IS
    'Append-only: of each checkpoint of the audit, a SHA-256 over the digest of the one before and the journal rows that are covered since. mvm_verify() computes it again';
COMMENT ON COLUMN mvm.audit_digest.covered IS 'Ids of the journal rows that the checkpoint knew, or knew that there are none';
CREATE TRIGGER audit_digest_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON mvm.audit_digest
    FOR EACH STATEMENT EXECUTE FUNCTION mvm.refuse_change();
