package grant

import (
	"testing"
	"time"
)

func TestDryRunIsRead(t *testing.T) {
	t.Parallel()
	const rest = `"workload": {"appId": "11111111-1111-4111-8111-111111111111"}, "permissions": ["Mail.Send"], "scope": {"mailboxes": ["a@contoso.example"]}, "duration": "P1D"}`
	for member, want := range map[string]struct {
		asked  bool
		reason string
	}{
		``:                 {},
		`"dryRun": true, `: {asked: true}, `"dryRun": false, `: {},
		`"dryRun": "true", `: {reason: "type"}, `"dryRun": 1, `: {reason: "type"}, `"dryRun": null, `: {reason: "type"}, `"dryrun": true, `: {reason: "unknownName"},
		`"dryRun": false, "dryRun": true, `: {reason: "duplicateName"},
		`"dryRun": true, "dryRun": false, `: {asked: true, reason: "duplicateName"},
		// Escaped, it is the same name.
		`"dry\u0052un": true, `: {asked: true},
	} {
		body := []byte("{" + member + rest)
		request, faults, err := ParseRequest(body, time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC))
		reason := ""
		if len(faults) > 0 {
			reason = faults[0].Reason
		}
		if err != nil || AsksDryRun(body) != want.asked || request.DryRun != want.asked || reason != want.reason || len(faults) > 1 {
			t.Errorf("%s: asked %t, read %t, %v, %v", member, AsksDryRun(body), request.DryRun, faults, err)
		}
	}
	for _, body := range []string{``, `[]`, `{"dryRun": true`, `{"dryRun": true} x`, `"dryRun"`} {
		if AsksDryRun([]byte(body)) {
			t.Errorf("%s: asked", body)
		}
	}
}
