-- The log of what happened cannot be changed by mistake, or by whoever may write rows and not change the schema.

CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the audit log is append-only: % of % is refused', TG_OP, TG_TABLE_NAME USING ERRCODE = 'restrict_violation';
END
$$;

CREATE OR REPLACE TRIGGER audit_leaves_stay BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_leaves
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

-- A checkpoint changes once, when it has left: signatures of others may be on it then.
CREATE OR REPLACE TRIGGER audit_checkpoints_stay BEFORE DELETE OR TRUNCATE ON audit_checkpoints
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
CREATE OR REPLACE TRIGGER audit_checkpoints_leave_once BEFORE UPDATE ON audit_checkpoints FOR EACH ROW
    WHEN (OLD.published_at IS NOT NULL OR (NEW.number, NEW.size, NEW.at) IS DISTINCT FROM (OLD.number, OLD.size, OLD.at))
    EXECUTE FUNCTION audit_refuse();

-- A document may go when its time is over; another one cannot take its place.
CREATE OR REPLACE TRIGGER audit_evidence_is_itself BEFORE UPDATE OR TRUNCATE ON audit_evidence
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();

CREATE OR REPLACE TRIGGER audit_size_grows BEFORE UPDATE ON ledger_state FOR EACH ROW
    WHEN (NEW.audit_size < OLD.audit_size) EXECUTE FUNCTION audit_refuse();
