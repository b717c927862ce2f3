package sabotage

// saboteur is one bug, in the words of the file that it is put into, and the test that must notice it.
type saboteur struct {
	name      string
	file      string // from the root of the module
	was, is   string // the text is there once
	pkg, test string
}

var saboteurs = []saboteur{
	{
		name: "the fence is skipped: what was revoked can be activated", file: "internal/ledger/fence.go",
		was: `WHERE port_id = $1 AND state = 'open' AND epoch = $2`, is: `WHERE port_id = $1 AND epoch >= $2`,
		pkg: "./activities", test: "TestGateNeedsTheFence",
	},
	{
		name: "the same idempotency key for every step of an order", file: "carrier/simulator/client.go",
		was: `return ref.String() + "/" + step`, is: `return ref.String() + step[:0]`,
		pkg: "./carrier/simulator", test: "TestAskingFirstAfterALostAnswerLeavesOneEffect",
	},
	{
		name: "undo in the order in which it was done", file: "workflows/undo.go",
		was: "last := u.steps[len(u.steps)-1]\n\tu.steps = u.steps[:len(u.steps)-1]", is: "last := u.steps[0]\n\tu.steps = u.steps[1:]",
		pkg: "./workflows", test: "TestPartialResults",
	},
	{
		name: "every undo twice", file: "workflows/rollback.go",
		was: "if err := u.do(ctx); err != nil {", is: "if err := errors.Join(u.do(ctx), u.do(ctx)); err != nil {",
		pkg: "./workflows", test: "TestFencedWithoutARevocation",
	},
	{
		name: "one person counts as often as they approve", file: "porting/decision.go",
		was: "people[d.By] = true", is: "people[fmt.Sprint(len(people))] = true",
		pkg: "./porting", test: "TestPolicyDecides",
	},
	{
		name: "the submitter approves the own order", file: "porting/decision.go",
		was: "d.By == f.Submitter ||", is: "",
		pkg: "./porting", test: "TestPolicyDecides",
	},
	{
		name: "secrets are logged", file: "porting/number.go",
		was: "func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }", is: "func (s Secret) LogValue() slog.Value { return slog.StringValue(string(s)) }",
		pkg: "./porting", test: "TestSecretIsNeverPrinted",
	},
	{
		name: "numbers are moved before anybody is told", file: "activities/gate.go",
		was: "notify.Event{Kind: notify.BeforeEffectuation,", is: "notify.Event{Kind: notify.Received,",
		pkg: "./activities", test: "TestPeopleAreToldOfEveryStep",
	},
	{
		name: "what is not sealed is believed", file: "internal/codec/codec.go",
		was: "place, err := placeOf(c.namespace, p)\n\t\tif err != nil {\n\t\t\treturn nil, err", is: "place, err := placeOf(c.namespace, p)\n\t\tif err != nil {\n\t\t\treturn p, nil",
		pkg: "./internal/codec", test: "TestNothingElseOpens",
	},
	{
		name: "what was sealed for another port is believed", file: "internal/codec/codec.go",
		was: "if place != mine && !c.takes(place) {", is: "if place.owner() == \"\" && !c.takes(place) {",
		pkg: "./internal/codec", test: "TestNothingElseOpens",
	},
	{
		name: "an approval holds for whatever order is sent", file: "porting/statement.go",
		was: `{"order digest", s.OrderDigest == c.OrderDigest},`, is: "",
		pkg: "./porting", test: "TestStatementAnswersItsChallengeOnly",
	},
	{
		name: "an expired statement is taken", file: "internal/approval/verify.go",
		was: "case !seenAt.Before(expires):", is: "case expires.IsZero():",
		pkg: "./internal/approval", test: "TestRegistryRefusesDecisions",
	},
	{
		name: "nobody's silence is a yes", file: "workflows/decision.go",
		was: "\tif !decided {", is: "\tif !decided && s.port == nil {",
		pkg: "./workflows", test: "TestTimeoutAtEveryStage",
	},
	{
		name: "deadlines are a business day late", file: "rules/calendar.go",
		was: "for range n {\n\t\td = c.openDay(d.Add(1))", is: "for range n + 1 {\n\t\td = c.openDay(d.Add(1))",
		pkg: "./rules", test: "TestSimplePort",
	},
	{
		name: "holidays are business days", file: "rules/calendar.go",
		was: "&& !c.holidays.has(d) ", is: "",
		pkg: "./rules", test: "TestNonSimplePort",
	},
	{
		name: "a number is in two open ports", file: "internal/ledger/migrations/00001_ledger.sql",
		was: "CREATE UNIQUE INDEX one_open_port_per_number", is: "CREATE INDEX one_open_port_per_number",
		pkg: "./internal/ledger", test: "TestSQLite",
	},
	{
		name: "a revocation is acknowledged and not kept", file: "internal/ledger/fence.go",
		was: "WHERE port_id = $1 AND state = 'open' AND revoke_requested_at IS NOT NULL`", is: "WHERE port_id = $1 AND state = 'open' AND revoke_requested_at IS NULL`",
		pkg: "./internal/ledger", test: "TestSQLite",
	},
	{
		name: "a revocation takes the fence from an activation in flight", file: "internal/ledger/fence.go",
		was: `WHERE port_id = $1 AND state = 'open' AND revoke_requested_at IS NOT NULL`, is: `WHERE port_id = $1 AND state <> 'closed' AND revoke_requested_at IS NOT NULL`,
		pkg: "./internal/ledger", test: "TestSQLite",
	},
	{
		name: "whoever comes ends an activation", file: "internal/ledger/fence.go",
		was: `AND state = 'activating' AND activation_key = $2`, is: `AND state = 'activating' AND activation_key <> $2 || '-'`,
		pkg: "./internal/ledger", test: "TestSQLite",
	},
	{
		name: "numbers are given away while they are moving", file: "internal/ledger/claim.go",
		was: `state <> 'activating' AND released_at IS NULL`, is: `released_at IS NULL`,
		pkg: "./internal/ledger", test: "TestSQLite",
	},
	{
		name: "a restored ledger lets numbers move", file: "internal/ledger/state.go",
		was: "const notQuarantined = `(quarantined_at IS NULL OR lifted_at IS NOT NULL)`", is: "const notQuarantined = `(quarantined_at IS NULL OR quarantined_at IS NOT NULL)`",
		pkg: "./internal/ledger", test: "TestSQLite",
	},
	{
		name: "a word of the carrier that nobody knows means that numbers moved", file: "carrier/simulator/client.go",
		was: "return state\n\t}\n\treturn carrier.StateUnknown", is: "return state\n\t}\n\treturn carrier.StateActive",
		pkg: "./carrier/simulator", test: "TestAnUnknownWordIsKept",
	},
	{
		name: "signatures of webhooks are not checked", file: "carrier/simulator/webhook.go",
		was: "!hmac.Equal(sum, mac(secret, t, body))", is: "len(sum) == 0",
		pkg: "./carrier/simulator", test: "TestVerifyWebhook",
	},
	{
		name: "a webhook is taken again a day later", file: "carrier/simulator/webhook.go",
		was: "now.Sub(signedAt).Abs() > webhookWindow", is: "now.Sub(signedAt).Abs() > 1000*webhookWindow",
		pkg: "./carrier/simulator", test: "TestVerifyWebhook",
	},
	{
		name: "guesses at a PIN are not counted", file: "internal/ledger/pin_attempt.go",
		was: "number.count(a.At, a.PerNumber).keep(ctx, tx)", is: "number.keep(ctx, tx)",
		pkg: "./internal/guard", test: "TestPINLockout",
	},
	{
		name: "an activation leaves no trace in the audit log", file: "internal/ledger/fence.go",
		was: "return appendLeaves(ctx, tx, fence.begunLeaf())", is: "return nil",
		pkg: "./activities", test: "TestEvidenceOfAPort",
	},
	{
		name: "checkpoints are not signed", file: "internal/audit/checkpoint.go",
		was: "return ed25519.Sign(s.key, text), nil", is: "return make([]byte, ed25519.SignatureSize), nil",
		pkg: "./internal/audit", test: "TestWitnessSignsWhatFollows",
	},
	{
		name: "a retry sends the order again without asking first", file: "activities/carrier.go",
		was: "if err == nil && known.Ref.Version >= in.Ref.Version {", is: "if err == nil && known.Ref.Version > in.Ref.Version {",
		pkg: "./activities", test: "TestSubmitPortSendsAnOrderOnce",
	},
}
