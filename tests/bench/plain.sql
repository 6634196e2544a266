-- The baseline of "a durable write": one table, one bigint key from a sequence, a payload of 16 bytes.
CREATE SCHEMA plain;
CREATE TABLE plain.event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    payload bigint NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now()
);
