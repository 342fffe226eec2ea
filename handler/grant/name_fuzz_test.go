package grant_test

import (
	"regexp"
	"strings"
	"testing"

	"mailgrant/handler/grant"
)

// FuzzParseRemoteName: only a name that this installation itself would have given
// names a grant, whatever others call their objects.
func FuzzParseRemoteName(f *testing.F) {
	const id = "abcdefghij234567klmn"
	for _, name := range []string{
		"mg-demo01-" + id + "-00", "MG-DEMO01-" + strings.ToUpper(id) + "-123", "mg-other1-" + id + "-00", "mg-demo01-" + id,
		"mg-demo01-" + id + "-0", "mg-demo01-" + id + "-00\n", "mg-demo01--" + id + "-00", "mg-demo01-" + id + "-00-x", "mg-demo01 by hand", "",
	} {
		f.Add(name)
	}
	shape := regexp.MustCompile(`^(?i:mg-demo01)-([a-zA-Z2-7]{20})-[0-9]{2,3}$`)
	f.Fuzz(func(t *testing.T, name string) {
		found, ours := grant.ParseRemoteName("demo01", name)
		// The Kelvin sign is the one letter outside ASCII whose small letter is inside.
		parts := shape.FindStringSubmatch(strings.ReplaceAll(name, "\u212a", "K"))
		if ours != (parts != nil) || ours && found != strings.ToLower(parts[1]) {
			t.Fatalf("%q is ours: %v, of the grant %q", name, ours, found)
		}
		if ours && !grant.IsID(found) {
			t.Fatalf("%q names %q, which is no id", name, found)
		}
	})
}
