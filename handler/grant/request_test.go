package grant_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/grant"
)

const aGUID = "6233fba6-0198-4277-892f-9275bf728bcc"

// received is when every request of these tests comes in.
func received() time.Time { return time.Date(2026, 11, 20, 9, 30, 15, 250_000_000, time.UTC) }

// body is a request without faults, changed by edit.
func body(t *testing.T, edit func(map[string]any)) []byte {
	t.Helper()
	members := map[string]any{
		"workload":    map[string]any{"appId": aGUID},
		"permissions": []any{"Mail.Send"},
		"scope":       map[string]any{"mailboxes": []any{"news@contoso.example"}},
		"expiresAt":   "2026-12-31T00:00:00Z",
	}
	edit(members)
	text, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func put(name string, value any) func(map[string]any) {
	return func(members map[string]any) { members[name] = value }
}

func drop(name string) func(map[string]any) {
	return func(members map[string]any) { delete(members, name) }
}

func mailboxes(names ...any) func(map[string]any) {
	return put("scope", map[string]any{"mailboxes": append([]any{}, names...)})
}

// named is each fault as its pointer and reason.
func named(faults []grant.Fault) []string {
	var short []string
	for _, fault := range faults {
		short = append(short, fault.Pointer+" "+fault.Reason)
	}
	return short
}

func TestParseRequestNamesTheFault(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		edit func(map[string]any)
		want []string
	}{
		"nested and no migration":   {put("nested", "addDirect"), []string{"/nested migration"}},
		"nested is another word":    {put("nested", "drop"), []string{"/nested nested"}},
		"no workload":               {drop("workload"), []string{" missing"}},
		"workload is text":          {put("workload", "news"), []string{"/workload type"}},
		"workload is null":          {put("workload", nil), []string{"/workload type"}},
		"workload by both ids":      {put("workload", map[string]any{"appId": aGUID, "objectId": aGUID}), []string{"/workload oneOf"}},
		"workload by none":          {put("workload", map[string]any{}), []string{"/workload oneOf"}},
		"workload by another name":  {put("workload", map[string]any{"name": aGUID}), []string{"/workload oneOf", "/workload/name unknownName"}},
		"workload by id and name":   {put("workload", map[string]any{"appId": aGUID, "name": "x"}), []string{"/workload/name unknownName"}},
		"appId is no GUID":          {put("workload", map[string]any{"appId": "news"}), []string{"/workload/appId guid"}},
		"appId in braces":           {put("workload", map[string]any{"appId": "{" + aGUID + "}"}), []string{"/workload/appId guid"}},
		"objectId is a number":      {put("workload", map[string]any{"objectId": 7}), []string{"/workload/objectId type"}},
		"no permissions":            {drop("permissions"), []string{" missing"}},
		"permissions is text":       {put("permissions", "Mail.Send"), []string{"/permissions type"}},
		"permissions is empty":      {put("permissions", []any{}), []string{"/permissions empty"}},
		"permission is no name":     {put("permissions", []any{"Mail.Send", "Mail Send"}), []string{"/permissions/1 permission"}},
		"permission with a quote":   {put("permissions", []any{"Mail.Send'"}), []string{"/permissions/0 permission"}},
		"permission twice":          {put("permissions", []any{"Mail.Send", "Mail.Read", "Mail.Send"}), []string{"/permissions/2 duplicate"}},
		"permission is null":        {put("permissions", []any{nil}), []string{"/permissions/0 type"}},
		"no scope":                  {drop("scope"), []string{" missing"}},
		"scope is a list":           {put("scope", []any{"news@contoso.example"}), []string{"/scope type"}},
		"scope without mailboxes":   {put("scope", map[string]any{}), []string{"/scope oneOf"}},
		"mailboxes is empty":        {mailboxes(), []string{"/scope/mailboxes empty"}},
		"two scopes":                {put("scope", map[string]any{"mailboxes": []any{"a@b.example"}, "group": "g"}), []string{"/scope oneOf"}},
		"scope of another kind":     {put("scope", map[string]any{"mailboxes": []any{"a@b.example"}, "unit": "u"}), []string{"/scope/unit unknownName"}},
		"group and unit":            {put("scope", map[string]any{"group": "g", "administrativeUnit": "u"}), []string{"/scope oneOf"}},
		"group is empty":            {put("scope", map[string]any{"group": " "}), []string{"/scope/group empty"}},
		"group with a line break":   {put("scope", map[string]any{"group": "a\nb"}), []string{"/scope/group controlCharacter"}},
		"unit is a list":            {put("scope", map[string]any{"administrativeUnit": []any{"u"}}), []string{"/scope/administrativeUnit type"}},
		"filter beyond all bounds":  {put("scope", map[string]any{"filter": strings.Repeat("a", 65537)}), []string{"/scope/filter tooLong"}},
		"mailbox twice, other case": {mailboxes("a@b.example", "A@B.example"), []string{"/scope/mailboxes/1 duplicate"}},
		"mailbox is hostile":        {mailboxes("a' -or Guid -ne '0"), []string{"/scope/mailboxes/0 mailbox"}},
		"mailbox with CR LF":        {mailboxes("a@b.example\r\nX: y"), []string{"/scope/mailboxes/0 controlCharacter"}},
		"mailbox with NUL":          {mailboxes("a@b.example\x00"), []string{"/scope/mailboxes/0 controlCharacter"}},
		"mailbox, right to left":    {mailboxes("a\u202e@b.example"), []string{"/scope/mailboxes/0 controlCharacter"}},
		"mailbox, look-alike":       {mailboxes("а@b.example"), []string{"/scope/mailboxes/0 mailbox"}},
		"mailbox is an object":      {mailboxes(map[string]any{"guid": aGUID}), []string{"/scope/mailboxes/0 type"}},
		"mailbox is too long":       {mailboxes(strings.Repeat("a", 330) + "@b.example"), []string{"/scope/mailboxes/0 tooLong"}},
		"canaries is empty":         {put("canaries", []any{}), []string{"/canaries empty"}},
		"canary is a wildcard":      {put("canaries", []any{"*"}), []string{"/canaries/0 mailbox"}},
		"startsAt is a date":        {put("startsAt", "2026-12-01"), []string{"/startsAt instant"}},
		"startsAt without a zone":   {put("startsAt", "2026-12-01T08:00:00"), []string{"/startsAt instant"}},
		"startsAt is a number":      {put("startsAt", 1796112000), []string{"/startsAt type"}},
		"expiresAt is out of reach": {put("expiresAt", "9999-12-31T00:00:00Z"), []string{"/expiresAt instant"}},
		"no end":                    {drop("expiresAt"), []string{" end"}},
		"two ends":                  {put("duration", "P1D"), []string{" end"}},
		"past end":                  {put("expiresAt", "2026-11-20T09:30:15Z"), []string{"/expiresAt pastEnd"}},
		"ticket is text":            {put("ticket", "RITM1"), []string{"/ticket type"}},
		"ticket with CR LF":         {put("ticket", map[string]any{"id": "RITM1\r\nstate: approved"}), []string{"/ticket/id controlCharacter"}},
		"ticket url is a script":    {put("ticket", map[string]any{"url": "javascript:alert(1)"}), []string{"/ticket/url url"}},
		"ticket, unknown name":      {put("ticket", map[string]any{"number": "1"}), []string{"/ticket/number unknownName"}},
		"requester is blank":        {put("requester", " \u00a0"), []string{"/requester empty"}},
		"owner is too long":         {put("owner", strings.Repeat("o", 257)), []string{"/owner tooLong"}},
		"justification in lines":    {put("justification", "one\u2028two"), []string{"/justification controlCharacter"}},
		"unknown name":              {put("Permissions", []any{}), []string{"/Permissions unknownName"}},
		"unknown name to escape":    {put("a/b~c", 1), []string{"/a~1b~0c unknownName"}},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, faults, err := grant.ParseRequest(body(t, test.edit), received())
			if err != nil {
				t.Fatal(err)
			}
			if got := named(faults); !slices.Equal(got, test.want) {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestParseRequestNamesAllFaultsAtOnce(t *testing.T) {
	t.Parallel()
	text := `{"workload": {"appId": "x", "appId": "y"}, "permissions": ["Mail.Send", 7, "Mail.Send"],
		"scope": {"mailboxes": ["a' -or Guid -ne '0", "b@c.example"], "group": "g"}, "canaries": "none",
		"startsAt": "tomorrow", "endBy": "2020-01-01T00:00:00Z", "ticket": {"id": "a\r\nb", "url": "ftp://x"},
		"requester": 1, "requester": 2, "surprise": null}`
	_, faults, err := grant.ParseRequest([]byte(text), received())
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"/canaries type", "/endBy pastEnd", "/permissions/1 type", "/permissions/2 duplicate",
		"/requester duplicateName", "/requester type", "/scope oneOf", "/scope/mailboxes/0 mailbox",
		"/startsAt instant", "/surprise unknownName", "/ticket/id controlCharacter", "/ticket/url url",
		"/workload/appId duplicateName", "/workload/appId guid",
	}
	if got := named(faults); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, fault := range faults {
		if fault.Detail == "" {
			t.Errorf("%s has no detail", fault.Pointer)
		}
	}
}

func TestParseRequestNamesEveryDuplicateName(t *testing.T) {
	t.Parallel()
	once := body(t, func(map[string]any) {})
	var members map[string]json.RawMessage
	err := json.Unmarshal(once, &members)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		twice := strings.TrimSuffix(string(once), "}") + `,"` + name + `":` + string(members[name]) + "}"
		_, faults, err := grant.ParseRequest([]byte(twice), received())
		if err != nil {
			t.Fatal(err)
		}
		if got := named(faults); !slices.Equal(got, []string{"/" + name + " duplicateName"}) {
			t.Errorf("%s twice: got %q", name, got)
		}
	}
}
