package plan_test

import (
	"slices"
	"strings"
	"testing"

	"mailgrant/handler/grant"
	"mailgrant/handler/plan"
)

func TestExcessOfPermissions(t *testing.T) {
	t.Parallel()
	first, second := grant.Mailbox{GUID: firstGUID, Address: "a@contoso.example"}, grant.Mailbox{GUID: strings.ToUpper(secondGUID), Address: "b@contoso.example"}
	by := func(permission string, mailboxes ...grant.Mailbox) grant.Grant {
		return grant.Grant{Mechanism: grant.MailboxPermission, Permissions: strings.Fields(permission), Mailboxes: mailboxes}
	}
	imap, smtp := "IMAP.AccessAsApp", "SMTP.SendAsApp"
	sendOfB := []string{"send of b@contoso.example"}
	other := by(imap, second)
	other.Mechanism = grant.RBAC
	for name, test := range map[string]struct {
		grants []grant.Grant
		held   []string
		want   []string
	}{
		"one":                              {[]grant.Grant{by(imap, first)}, nil, nil},
		"both on one":                      {[]grant.Grant{by(imap+" "+smtp, first)}, nil, nil},
		"each on its own":                  {[]grant.Grant{by(smtp, first), by(imap, second)}, nil, sendOfB},
		"on the same":                      {[]grant.Grant{by(smtp, second), by(imap, second)}, nil, nil},
		"sending alone opens nothing else": {[]grant.Grant{by(smtp, first), by(smtp, second)}, []string{imap}, nil},
		"sending was consented to":         {[]grant.Grant{by(imap, second)}, []string{smtp}, sendOfB},
		// What one grant asked for is taken from the mailbox at that grant's end, and a
		// stranger's consent is not.
		"sending was consented to, and is asked for by another": {[]grant.Grant{by(imap, second), by(smtp, second)}, []string{smtp}, sendOfB},
		// The third may end first, and the second keeps the consent.
		"a third asks for it":       {[]grant.Grant{by(imap, second), by(smtp, first), by(smtp, second)}, nil, sendOfB},
		"another mechanism":         {[]grant.Grant{by(smtp, first), other}, nil, nil},
		"mail on Exchange":          {[]grant.Grant{by(imap, first)}, []string{"Mail.Send"}, nil},
		"a right that is not known": {[]grant.Grant{by(imap, first)}, []string{"Something"}, nil},
	} {
		if got := plan.ExcessOfPermissions(test.grants, test.held); !slices.Equal(got, test.want) {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
