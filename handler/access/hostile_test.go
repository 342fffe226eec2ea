package access_test

import (
	"encoding/json"
	"flag"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

var (
	hostileSeed  = flag.Uint64("hostile-seed", 0, "repeats the hostile names of an earlier run; 0 is a new run")
	hostileNames = flag.Int("names", 20_000, "how many hostile names are tried")
)

// fragments are what hostile names are put together from: quotes and what looks
// like them, operators, variables, wildcards, brackets, line breaks, control and
// direction marks, look-alike letters, and pieces of real GUIDs.
func fragments() []string {
	return []string{"'", "''", "\"", "`", "’", "＇", "ʼ", "\\'", "&#39;", "%27", "$", "$true", "$null", "$(", "${", "}", "{", "(", ")", "((", "))", "[", "]", "*", "?",
		" -or ", " -and ", " -not ", "-or", " -ne ", " -eq ", " -like ", "Guid", "guid", "Ｇuid", "Alias", "ExchangeGuid", "0", "x", ";", "|", "&", "#", "--", "/*",
		"\x00", "\n", "\r\n", "\t", " ", "\u00a0", "\u2028", "\u202e", "\u200b", "\ufeff", "\xff", "а", "news@contoso.example", "@", one, two, one[:35], one[:8], one[9:],
		"{" + one + "}", "Guid -eq '" + two + "'", "' -or Guid -ne '0", "' -or Guid -like '*", "') -or (Guid -ne '0", strings.Repeat("(", 300), strings.Repeat("a", 70_000)}
}

func hostileName(random *rand.Rand, parts []string) string {
	var name strings.Builder
	// The largest fragment comes seldom, or the run would be about it alone.
	for range 1 + random.IntN(6) {
		part := parts[random.IntN(len(parts))]
		if len(part) > 1000 && random.IntN(100) > 0 {
			part = "'"
		}
		name.WriteString(part)
	}
	return name.String()
}

// TestHostileNamesNeverReachAFilter puts generated names where a mailbox's GUID
// belongs. None may be printed into a filter; and where somebody else had pasted
// one into a filter, none may be taken for the filter that was intended.
func TestHostileNamesNeverReachAFilter(t *testing.T) {
	t.Parallel()
	seed := *hostileSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	names := *hostileNames
	t.Logf("%d names, -hostile-seed=%d", names, seed)
	random := rand.New(rand.NewPCG(seed, 1))
	plain := plainFilter()
	parts := fragments()
	for range names {
		name := hostileName(random, parts)
		if grant.IsGUID(name) {
			continue // the fragments can make one up
		}
		for _, list := range [][]string{{name}, {one, name}, {name, one}} {
			filter, err := access.MailboxFilter(list)
			if err == nil || filter != "" {
				t.Fatalf("%.200q was printed as %.200q", list, filter)
			}
		}
		for _, pasted := range []string{"Guid -eq '" + name + "'", "Guid -eq '" + one + name + "'", "Guid -eq '" + one + "'" + name, name + "Guid -eq '" + one + "'"} {
			read, err := access.FilteredMailboxes(pasted)
			if err == nil && (!plain.MatchString(pasted) || !named(pasted, read)) {
				t.Fatalf("%.200q was read as %q", pasted, read)
			}
			if err == nil && slices.Contains(read, two) && access.SameMailboxes(pasted, "Guid -eq '"+one+"'") {
				t.Fatalf("%.200q is taken for the filter of %s alone", pasted, one)
			}
		}
	}
}

// named reports whether every GUID that was read stands in the text.
func named(text string, read []string) bool {
	return !slices.ContainsFunc(read, func(guid string) bool { return !strings.Contains(strings.ToLower(text), guid) })
}

// TestHostileNamesStayNames sends the same kind of names in by a request: what is
// not refused is an address, which a filter refuses.
func TestHostileNamesStayNames(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(7, 7))
	parts := fragments()
	letIn := 0
	for range 2_000 {
		name := hostileName(random, parts)
		body, err := json.Marshal(map[string]any{"scope": map[string]any{"mailboxes": []string{name}}})
		if err != nil {
			t.Fatal(err)
		}
		request, faults, err := grant.ParseRequest(body, time.Date(2026, 11, 20, 9, 30, 0, 0, time.UTC))
		if err != nil {
			t.Fatalf("%.200q: %v", name, err)
		}
		refused := slices.ContainsFunc(faults, func(f grant.Fault) bool { return f.Pointer == "/scope/mailboxes/0" })
		if refused || grant.IsGUID(name) {
			continue
		}
		letIn++
		if strings.ContainsAny(request.Scope.Mailboxes[0], " ()[]<>\"`\\,;\r\n\t\x00") {
			t.Errorf("%.200q was let in as %.200q", name, request.Scope.Mailboxes[0])
		}
		filter, err := access.MailboxFilter(request.Scope.Mailboxes)
		if err == nil {
			t.Errorf("%.200q became the filter %q", name, filter)
		}
	}
	t.Logf("%d of the names look like addresses", letIn)
}

// TestHostileNamesNeverChangeATree puts generated names where a filter has a value. A
// name is refused, or the tree has this name as its one value and no other word more.
func TestHostileNamesNeverChangeATree(t *testing.T) {
	t.Parallel()
	seed := *hostileSeed
	if seed == 0 {
		seed = rand.Uint64()
	}
	t.Logf("%d names, -hostile-seed=%d", *hostileNames, seed)
	random := rand.New(rand.NewPCG(seed, 2))
	parts := fragments()
	taken := 0
	for range *hostileNames {
		name := "CN=" + hostileName(random, parts) + ",DC=com"
		text, err := access.GroupFilter([]string{name})
		if err != nil {
			if text != "" {
				t.Fatalf("%.200q was refused and is %.200q", name, text)
			}
			continue
		}
		taken++
		if want := "MemberOfGroup -eq '" + strings.ReplaceAll(name, "'", "''") + "'"; text != want {
			t.Fatalf("%.200q became %.200q", name, text)
		}
		read, err := access.ParseFilter(text)
		if err != nil || read.String() != text {
			t.Fatalf("%.200q is read as %.200q, %v", text, read, err)
		}
		_, faults := access.OperatorFilter("Alias -eq 'x' -or " + text)
		if len(faults) != 1 || faults[0].Reason != access.FilterLinkValued {
			t.Fatalf("%.200q changed the tree: %v", name, faults)
		}
	}
	if taken == 0 {
		t.Error("no name was taken; nothing was tried")
	}
	t.Logf("%d names were taken", taken)
}
