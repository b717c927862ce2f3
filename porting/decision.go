package porting

// Verdict counts the decisions on one order version. Approvals count persons, never repeated messages; the submitter's
// own does not count; one reject stops.
func Verdict(needed, version int, submitter string, decisions []Decision) (approved, declined bool) {
	persons := map[string]bool{}
	for _, d := range decisions {
		if d.OrderVersion != version || d.By == submitter {
			continue
		}
		if d.Decision == Reject {
			return false, true
		}
		persons[d.By] = true
	}
	return len(persons) >= needed, false
}
