package access_test

import (
	"strings"
	"testing"

	"mailgrant/handler/access"
	"mailgrant/handler/grant"
)

const (
	ourRole  = "Application Mail.Send"
	ourScope = "mg-abc123-aaaaaaaaaaaaaaaaaaaa-00"
)

func expected() access.Expectation {
	return access.Expectation{Permission: "Mail.Send", Role: ourRole, Scope: ourScope}
}

func ourRow(verdict grant.Verdict) access.Authorization {
	return access.Authorization{Role: ourRole, Granted: []string{"Mail.Send"}, Scope: ourScope, InScope: verdict}
}

func row(role, granted, scope string, verdict grant.Verdict) access.Authorization {
	var permissions []string
	if granted != "" {
		permissions = strings.Split(granted, ",")
	}
	return access.Authorization{Role: role, Granted: permissions, Scope: scope, InScope: verdict}
}

type judgement struct {
	name string
	rows []access.Authorization
	want grant.Verdict
}

// neverProof are the answers from which nothing follows, for a mailbox of the grant
// as for a canary.
func neverProof() []judgement {
	return []judgement{
		{"no answer", nil, grant.Unsure},
		{"empty list", []access.Authorization{}, grant.Unsure},
		{"ours did not run", []access.Authorization{ourRow(grant.Unsure)}, grant.Unsure},
		{"ours without a verdict", []access.Authorization{ourRow("")}, grant.Unsure},
		{"ours in other words", []access.Authorization{ourRow("nein")}, grant.Unsure},
		{"another scope refuses", []access.Authorization{row(ourRole, "Mail.Send", "theirs", grant.Refused)}, grant.Unsure},
		{"another role refuses", []access.Authorization{row("Application Mail.Read", "Mail.Read", ourScope, grant.Refused)}, grant.Unsure},
		{"another role of a like name refuses", []access.Authorization{row("application mail.send", "Mail.Send", ourScope, grant.Refused)}, grant.Unsure},
		{"ours refuses another permission", []access.Authorization{row(ourRole, "Mail.Read", ourScope, grant.Refused)}, grant.Unsure},
		{"ours refuses no permission", []access.Authorization{row(ourRole, "", ourScope, grant.Refused)}, grant.Unsure},
	}
}

func TestJudgeMailbox(t *testing.T) {
	t.Parallel()
	cases := append(neverProof(), []judgement{
		{"ours allows", []access.Authorization{ourRow(grant.Allowed)}, grant.Allowed},
		{"ours refuses", []access.Authorization{ourRow(grant.Refused)}, grant.Refused},
		{"the scope's name in capitals", []access.Authorization{row(ourRole, "Mail.Send", strings.ToUpper(ourScope), grant.Allowed)}, grant.Allowed},
		{"among others", []access.Authorization{row("Application Mail.Read", "Mail.Read", "x", grant.Refused), ourRow(grant.Allowed)}, grant.Allowed},
		{"only a stranger's allows", []access.Authorization{row(ourRole, "Mail.Send", "theirs", grant.Allowed)}, grant.Unsure},
		{"a stranger's allows, ours refuses", []access.Authorization{row(ourRole, "Mail.Send", "theirs", grant.Allowed), ourRow(grant.Refused)}, grant.Refused},
		{"a stranger's allows, ours did not run", []access.Authorization{row(ourRole, "Mail.Send", "theirs", grant.Allowed), ourRow(grant.Unsure)}, grant.Unsure},
		{"ours allows another permission", []access.Authorization{row(ourRole, "Mail.Read", ourScope, grant.Allowed)}, grant.Unsure},
		{"composite allows", []access.Authorization{row("Application Mail Full Access", "Mail.ReadWrite,Mail.Send", ourScope, grant.Allowed)}, grant.Unsure},
	}...)
	judge(t, cases, access.JudgeMailbox)
}

func TestJudgeCanary(t *testing.T) {
	t.Parallel()
	beside := func(others ...access.Authorization) []access.Authorization {
		return append(others, ourRow(grant.Refused))
	}
	cases := append(neverProof(), []judgement{
		{"ours refuses", []access.Authorization{ourRow(grant.Refused)}, grant.Refused},
		{"ours allows", []access.Authorization{ourRow(grant.Allowed)}, grant.Allowed},
		{"a stranger's refuses too", beside(row(ourRole, "Mail.Send", "theirs", grant.Refused)), grant.Refused},
		{"a stranger's allows", beside(row(ourRole, "Mail.Send", "theirs", grant.Allowed)), grant.Allowed},
		{"a stranger's allows and ours is missing", []access.Authorization{row(ourRole, "Mail.Send", "theirs", grant.Allowed)}, grant.Allowed},
		{"a stranger's did not run", beside(row(ourRole, "Mail.Send", "theirs", grant.Unsure)), grant.Unsure},
		{"a stranger's without a verdict", beside(row(ourRole, "Mail.Send", "theirs", "")), grant.Unsure},
		{"one did not run, one allows", beside(row(ourRole, "Mail.Send", "a", grant.Unsure), row(ourRole, "Mail.Send", "b", grant.Allowed)), grant.Allowed},
		{"composite allows", beside(row("Application Mail Full Access", "Mail.ReadWrite,Mail.Send", "theirs", grant.Allowed)), grant.Allowed},
		{"composite allows, permissions not listed", beside(row("Application Exchange Full Access", "", "theirs", grant.Allowed)), grant.Allowed},
		{"composite not known, permissions listed", beside(row("Some Role", "Mail.Send", "theirs", grant.Allowed)), grant.Allowed},
		{"a role that is not known allows", beside(row("Application Something.New", "", "theirs", grant.Allowed)), grant.Allowed},
		{"a permission that is not known", beside(row("Some Role", "Something.New", "theirs", grant.Allowed)), grant.Allowed},
		{"another capability allows", beside(row("Application Calendars.Read", "Calendars.Read", "theirs", grant.Allowed)), grant.Refused},
		{"another capability did not run", beside(row("Application Calendars.Read", "Calendars.Read", "theirs", grant.Unsure)), grant.Refused},
		{"only composite refuses", []access.Authorization{row("Application Mail Full Access", "Mail.ReadWrite,Mail.Send", ourScope, grant.Refused)}, grant.Unsure},
	}...)
	judge(t, cases, access.JudgeCanary)
}

func judge(t *testing.T, cases []judgement, by func([]access.Authorization, access.Expectation) (grant.Verdict, string)) {
	t.Helper()
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			verdict, detail := by(test.rows, expected())
			if verdict != test.want {
				t.Errorf("got %s (%s), want %s", verdict, detail, test.want)
			}
			if verdict == grant.Unsure && detail == "" {
				t.Error("an open verdict without a reason")
			}
		})
	}
}

// TestNoScopeNoProof: an expectation without a scope would be met by an
// organization-wide row.
func TestNoScopeNoProof(t *testing.T) {
	t.Parallel()
	wanted := access.Expectation{Permission: "Mail.Send", Role: ourRole}
	for _, verdict := range []grant.Verdict{grant.Allowed, grant.Refused} {
		rows := []access.Authorization{row(ourRole, "Mail.Send", "", verdict)}
		if got, _ := access.JudgeMailbox(rows, wanted); got != grant.Unsure {
			t.Errorf("a mailbox is %s", got)
		}
	}
	rows := []access.Authorization{row(ourRole, "Mail.Send", "", grant.Refused)}
	if got, _ := access.JudgeCanary(rows, wanted); got != grant.Unsure {
		t.Errorf("a canary is %s", got)
	}
}
