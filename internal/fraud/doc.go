// Package fraud holds what is known about a port against a policy, and says whether the port is clear, must be looked at by a
// person, or may be blocked on a lawful ground.
//
// Evidence is a set of facts by source, each known or missing with the reason why; what is missing is never read as clean. A
// Policy is a file of rules in CEL, compiled, type-checked and cost-limited when it is loaded. Evaluate is pure: the same
// policy and evidence always make the same verdict, so that a decision can be replayed later. No fact holds personal data.
package fraud
