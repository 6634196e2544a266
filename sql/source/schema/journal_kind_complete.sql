    -- What each kind of row must have. IS TRUE: a CHECK passes when it is null, and what is missing must count as false.
    CONSTRAINT journal_kind_complete CHECK (
        CASE kind
            @kind_requirements@
        END IS TRUE)
