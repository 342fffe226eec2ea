package engine

import (
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
)

// TestEveryCodeIsFoundAndListed: what the examination can find is listed, and what is
// listed can be found.
func TestEveryCodeIsFoundAndListed(t *testing.T) {
	t.Parallel()
	names, err := filepath.Glob("doctor*.go")
	if err != nil {
		t.Fatal(err)
	}
	literals := map[string]bool{}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || name == "doctorcodes.go" {
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
				literals[word] = true
			}
			return true
		})
		for _, found := range findCalls(file) {
			if !slices.ContainsFunc(DoctorCodes(), func(one DoctorCode) bool { return one.Code == found }) {
				t.Errorf("%s finds %s, which is not listed", name, found)
			}
		}
	}
	seen := map[string]bool{}
	for _, one := range DoctorCodes() {
		if !literals[one.Code] || seen[one.Code] {
			t.Errorf("%s is never found, or listed twice", one.Code)
		}
		seen[one.Code] = true
		healthy := one.Status == Healthy
		if healthy != (one.Why == "") || healthy != (one.Mend == "") {
			t.Errorf("%s: why %q, mend %q", one.Code, one.Why, one.Mend)
		}
	}
}

// findCalls are the literal codes that a file hands to find.
func findCalls(file *ast.File) []string {
	var codes []string
	ast.Inspect(file, func(node ast.Node) bool {
		call, ok := node.(*ast.CallExpr)
		if !ok {
			return true
		}
		method, ok := call.Fun.(*ast.SelectorExpr)
		if !ok || method.Sel.Name != "find" {
			return true
		}
		literal, ok := call.Args[0].(*ast.BasicLit)
		if ok {
			word, _ := strconv.Unquote(literal.Value)
			codes = append(codes, word)
		}
		return true
	})
	return codes
}

// TestRemediesAreFilledIn: no name in braces is left in a remedy for which the code is
// given its values.
func TestRemediesAreFilledIn(t *testing.T) {
	t.Parallel()
	x := &examination{Engine: New(Settings{}), objectID: "b0", appID: "a0"}
	left := regexp.MustCompile(`\{(objectId|appId|bootstrap|resource|role|roles|queue|sweep)\}`)
	for _, one := range DoctorCodes() {
		found := x.find(one.Code, "what", "resource", "r", "role", "r", "roles", "r", "queue", "q", "sweep", "s")
		if left.MatchString(found.Mend) || strings.Contains(found.Mend, "b0b0") {
			t.Errorf("%s: %s", one.Code, found.Mend)
		}
	}
}

// TestWorstFindingIsTheStatus, and the findings come in the order of the checks.
func TestWorstFindingIsTheStatus(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		codes []string
		want  DoctorStatus
	}{
		{[]string{"clock", "token"}, Healthy},
		{[]string{"clock", "sweepsNotRun"}, Unseen},
		{[]string{"sweepsNotRun", "sweepsLate"}, Warning},
		{[]string{"sweepsLate", "clockOff", "clock"}, Fault},
	} {
		x := &examination{Engine: New(Settings{})}
		var found []Symptom
		for _, code := range test.codes {
			found = append(found, x.find(code, ""))
		}
		got := x.diagnosis(found)
		if got.Status != test.want || len(got.NotLookedAt) == 0 {
			t.Errorf("%v: %s, not looked at %v", test.codes, got.Status, got.NotLookedAt)
		}
	}
	x := &examination{Engine: New(Settings{})}
	got := x.diagnosis([]Symptom{x.find("sweeps", ""), x.find("token", ""), x.find("clock", "")})
	if got.Findings[0].Check != "token" || got.Findings[2].Check != "sweeps" {
		t.Errorf("the order is %v", got.Findings)
	}
}

// TestClocksThatDiffer: a minute is allowed, and one that was not read is never well.
func TestClocksThatDiffer(t *testing.T) {
	t.Parallel()
	near, far := skew{"", 59 * time.Second, true}, skew{"", -61 * time.Second, true}
	for _, test := range []struct {
		skews [2]skew
		want  string
	}{
		{[2]skew{near, near}, "clock"},
		{[2]skew{near, far}, "clockOff"},
		{[2]skew{{}, near}, "clockNotCompared clock"},
		{[2]skew{{}, far}, "clockOff clockNotCompared"},
		{[2]skew{}, "clockNotCompared"},
	} {
		x := &examination{Engine: New(Settings{}), skews: test.skews}
		var codes []string
		for _, one := range x.examineClocks() {
			codes = append(codes, one.Code)
		}
		if strings.Join(codes, " ") != test.want {
			t.Errorf("%+v: got %v", test.skews, codes)
		}
	}
}
