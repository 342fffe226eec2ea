package identity

import (
	"encoding/base64"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/grant"
)

// TestEveryCmdletHasARole: what the edge can run is in the table, once, and nothing else is.
func TestEveryCmdletHasARole(t *testing.T) {
	t.Parallel()
	var listed []string
	for _, one := range Cmdlets() {
		listed = append(listed, one.Cmdlets...)
	}
	run := cmdletsOfTheEdge(t)
	slices.Sort(listed)
	if !slices.Equal(run, listed) {
		t.Errorf("the edge runs %v\nthe table has %v", run, listed)
	}
}

// cmdletsOfTheEdge are the words of its sources that have the form of a cmdlet's name.
func cmdletsOfTheEdge(t *testing.T) []string {
	t.Helper()
	shape := regexp.MustCompile(`^(Get|New|Set|Add|Remove|Test|Enable)-[A-Z][A-Za-z]+$`)
	names, err := filepath.Glob(filepath.Join("..", "exchange", "*.go"))
	if err != nil || len(names) < 20 {
		t.Fatalf("found %d files: %v", len(names), err)
	}
	var found []string
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(node ast.Node) bool {
			literal, ok := node.(*ast.BasicLit)
			if ok && literal.Kind == token.STRING {
				word, _ := strconv.Unquote(literal.Value)
				if shape.MatchString(word) {
					found = append(found, word)
				}
			}
			return true
		})
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func TestEveryRoleOfACmdletHasANeed(t *testing.T) {
	t.Parallel()
	all := Use{Mechanisms: grant.Mechanisms(), ServiceConsents: true, Creates: true}
	if len(Wanted(all)) != len(Needs()) {
		t.Errorf("an installation that may do everything needs %d of %d", len(Wanted(all)), len(Needs()))
	}
	roles := ExchangeRolesFor(all)
	for _, one := range Cmdlets() {
		if !slices.Contains(roles, one.Role) {
			t.Errorf("nothing needs %s", one.Role)
		}
	}
	for _, role := range roles {
		if !slices.ContainsFunc(Cmdlets(), func(one RoleCmdlets) bool { return one.Role == role }) {
			t.Errorf("no cmdlet is run by %s", role)
		}
	}
}

func TestLackingAndSpare(t *testing.T) {
	t.Parallel()
	scoped := Use{Mechanisms: []grant.Mechanism{grant.RBAC}}
	both := Use{Mechanisms: []grant.Mechanism{grant.RBAC, grant.AccessPolicy}}
	var enough []string
	for _, one := range Cmdlets()[:3] {
		enough = append(enough, one.Cmdlets...)
	}
	for _, test := range []struct {
		name           string
		use            Use
		allowed        []string
		lacking, spare string
	}{
		{"as needed", scoped, enough, "", ""},
		{"in another case", scoped, strings.Split(strings.ToLower(strings.Join(enough, ",")), ","), "", ""},
		{"one lacks", scoped, enough[1:], "View-Only Recipients: Get-Recipient", ""},
		{"another mechanism", both, enough, "Distribution Groups: New-DistributionGroup", ""},
		{"more than needed", scoped, append([]string{"New-Mailbox", "Get-TransportRule"}, enough...), "", "Mail Recipient Creation: New-Mailbox"},
		{"nothing", scoped, nil, "View-Only Recipients: Get-Recipient", ""},
	} {
		lacking, spare := first(Lacking(test.use, test.allowed)), first(Spare(test.use, test.allowed))
		if lacking != test.lacking || spare != test.spare {
			t.Errorf("%s: lacking %q, spare %q", test.name, lacking, spare)
		}
	}
}

func first(found []RoleCmdlets) string {
	if len(found) == 0 {
		return ""
	}
	return found[0].Role + ": " + found[0].Cmdlets[0]
}

func TestReadToken(t *testing.T) {
	t.Parallel()
	made := func(claims string) string {
		return "e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".c2ln"
	}
	got, err := ReadToken(made(`{"appid":"A0","oid":"B0","roles":["Mail.Read"],"iat":1764576000,"exp":1764579600}`))
	if err != nil || got.AppID != "a0" || got.ObjectID != "b0" || !slices.Equal(got.Roles, []string{"Mail.Read"}) || got.ExpiresAt.Sub(got.IssuedAt) != time.Hour {
		t.Errorf("got %+v, %v", got, err)
	}
	got, err = ReadToken(made(`{"azp":"A1"}`))
	if err != nil || got.AppID != "a1" || !got.IssuedAt.IsZero() {
		t.Errorf("got %+v, %v", got, err)
	}
	for _, bad := range []string{"", "a.b", "opaque", "a.%.c", made(`{"roles":"secretword"}`), made(`{"exp":-1}`), made(`{"iat":1e30}`)} {
		_, err := ReadToken(bad)
		if err == nil || strings.Contains(err.Error(), "secretword") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func FuzzReadToken(f *testing.F) {
	f.Add(`{"appid":"a","roles":["b"],"iat":1,"exp":2}`)
	f.Fuzz(func(t *testing.T, claims string) {
		token, err := ReadToken("e30." + base64.RawURLEncoding.EncodeToString([]byte(claims)) + ".")
		if err == nil && (token.IssuedAt.Year() > 9999 || token.ExpiresAt.Year() > 9999) {
			t.Errorf("%q gives %+v", claims, token)
		}
	})
}
