// Package approval knows who may decide: it reads signed decisions and says which person signed them, by a registry of
// approvers that root keys sign.
//
// A decision is exact bytes (a porting.Statement in JSON) and a detached signature over them. The bytes are read only after
// the signature is known to be good, so nothing that a stranger writes reaches the parser:
//
//	registry, err := approval.LoadRegistry("registry.json", "roots.json", time.Now())
//	approved, err := registry.Verify(decide.Statement, decide.Signature, time.Now())
//	// approved.Person of approved.Team said approved.Statement.Decision
//
// People sign with the SSH key that they have (ssh-keygen -Y sign -n portsaga.decision.v1, ssh-agent, FIDO keys), services
// with JWS. The workers that verify decisions and screen orders sign what they found as verdicts, so that nobody who can
// write workflow histories can invent one.
package approval
