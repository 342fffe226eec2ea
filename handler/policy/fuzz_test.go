package policy_test

import (
	"fmt"
	"os"
	"testing"

	"mailgrant/handler/policy"
)

func place(fault policy.Fault) string { return fmt.Sprintf("%d:%d", fault.Line, fault.Column) }

// FuzzParse holds what the engine relies on: reading never panics, and a document
// without fault has a canary and limits that let something through.
func FuzzParse(f *testing.F) {
	sample, err := os.ReadFile("../../infra/mailgrant.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(sample)
	for _, text := range []string{
		"", "canaries: [a@b.example]", "canaries: [a@b.example]\nlimits: {mailboxes: 0x10}", "? [a]\n: b", "<<: *a",
		"canaries: !!str a", "--- a\n--- b", "canaries: |\n  a@b.example", "\"canaries\": [\"a@b.example\"]", "[[[[", "%YAML 1.2\n---\n",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		document, faults := policy.Parse(text)
		if len(faults) > 0 {
			for _, fault := range faults {
				if fault.Reason == "" || fault.Detail == "" || fault.Line < 0 || fault.Column < 0 {
					t.Errorf("fault without words or place: %+v", fault)
				}
			}
			return
		}
		limits := document.Limits
		if len(document.Canaries) == 0 || document.MaxDuration <= 0 || min(limits.Mailboxes, limits.Permissions, limits.LiveGrants) < 1 {
			t.Errorf("sound, but of no use: %+v", document)
		}
	})
}
