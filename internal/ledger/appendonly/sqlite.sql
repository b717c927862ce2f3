-- The log of what happened cannot be changed by mistake, or by whoever may write rows and not change the schema.

CREATE TRIGGER IF NOT EXISTS audit_leaves_stay BEFORE DELETE ON audit_leaves
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only: DELETE of audit_leaves is refused'); END;

CREATE TRIGGER IF NOT EXISTS audit_leaves_are_themselves BEFORE UPDATE ON audit_leaves
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only: UPDATE of audit_leaves is refused'); END;

-- INSERT OR REPLACE deletes rows without asking the triggers above.
CREATE TRIGGER IF NOT EXISTS audit_leaves_are_new BEFORE INSERT ON audit_leaves
WHEN EXISTS (SELECT 1 FROM audit_leaves WHERE idx = NEW.idx)
    OR (NEW.ref <> '' AND EXISTS (SELECT 1 FROM audit_leaves WHERE ref <> '' AND ref = NEW.ref AND port_id = NEW.port_id AND kind = NEW.kind))
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only: the leaf is there'); END;

-- A checkpoint changes once, when it has left: signatures of others may be on it then.
CREATE TRIGGER IF NOT EXISTS audit_checkpoints_stay BEFORE DELETE ON audit_checkpoints
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only: DELETE of audit_checkpoints is refused'); END;

CREATE TRIGGER IF NOT EXISTS audit_checkpoints_leave_once BEFORE UPDATE ON audit_checkpoints
WHEN OLD.published_at IS NOT NULL OR NEW.number <> OLD.number OR NEW.size <> OLD.size OR NEW.at <> OLD.at
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only: UPDATE of audit_checkpoints is refused'); END;

CREATE TRIGGER IF NOT EXISTS audit_checkpoints_are_new BEFORE INSERT ON audit_checkpoints
WHEN EXISTS (SELECT 1 FROM audit_checkpoints WHERE number = NEW.number)
BEGIN SELECT RAISE(IGNORE); END;

-- A document may go when its time is over; another one cannot take its place.
CREATE TRIGGER IF NOT EXISTS audit_evidence_is_itself BEFORE UPDATE ON audit_evidence
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only: UPDATE of audit_evidence is refused'); END;

CREATE TRIGGER IF NOT EXISTS audit_evidence_is_new BEFORE INSERT ON audit_evidence
WHEN EXISTS (SELECT 1 FROM audit_evidence WHERE digest = NEW.digest AND port_id = NEW.port_id)
BEGIN SELECT RAISE(IGNORE); END;

CREATE TRIGGER IF NOT EXISTS audit_size_grows BEFORE UPDATE ON ledger_state
WHEN NEW.audit_size < OLD.audit_size
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only: it does not become shorter'); END;
