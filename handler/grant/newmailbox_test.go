package grant

import (
	"fmt"
	"testing"
	"time"
)

func TestCreateMailbox(t *testing.T) {
	t.Parallel()
	one, two := `"scope": {"mailboxes": ["a@b.example"]}`, `"scope": {"mailboxes": ["a@b.example", "c@b.example"]}`
	for body, want := range map[string]string{
		`"createMailbox": true, ` + one:                          "&{}",
		`"createMailbox": false, ` + one:                         "<nil>",
		`"createMailbox": {"displayName": "Ärger & Co"}, ` + one: "&{Ärger & Co}",
		`"createMailbox": {}, ` + two:                            "&{}",
		`"createMailbox": {"displayName": "A"}, ` + two:          "&{A} /createMailbox oneOf",
		`"createMailbox": {"displayName": "a\nb"}, ` + one:       "&{} /createMailbox/displayName controlCharacter",
		`"createMailbox": {"name": "A"}, ` + one:                 "&{} /createMailbox/name unknownName",
		`"createMailbox": "yes", ` + one:                         "<nil> /createMailbox type",
		`"createMailbox": true, "scope": {"group": "sales"}`:     "&{} /createMailbox scopeKind",
		`"createMailbox": true, "migrate": true, ` + one:         "&{} /createMailbox migration",
	} {
		text := `{"workload": {"appId": "a0000000-0000-4000-8000-000000000002"}, "permissions": ["Mail.Send"], "duration": "P7D", ` + body + `}`
		request, faults, err := ParseRequest([]byte(text), time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC))
		if err != nil {
			t.Fatal(err)
		}
		got := fmt.Sprint(request.Create)
		for _, fault := range faults {
			got += " " + fault.Pointer + " " + fault.Reason
		}
		if got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
