package exchange

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

func TestOtherMechanismsSendNothingDangerous(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	group := func(wanted NewGroup) func(*Client) error {
		return func(c *Client) error { _, err := c.NewDistributionGroup(ctx, wanted); return err }
	}
	policy := func(appID, scope, description string) func(*Client) error {
		return func(c *Client) error {
			_, err := c.NewApplicationAccessPolicy(ctx, appID, scope, description)
			return err
		}
	}
	mailbox := func(name, address string) func(*Client) error {
		return func(c *Client) error { _, err := c.NewSharedMailbox(ctx, name, name, address); return err }
	}
	cases := map[string]func(*Client) error{
		"nameless group":          group(NewGroup{}),
		"long group name":         group(NewGroup{Name: strings.Repeat("n", 65)}),
		"group name with a blank": group(NewGroup{Name: "mg 1"}),
		"group name with dots":    group(NewGroup{Name: "mg..1"}),
		"group name with an end":  group(NewGroup{Name: "mg-1."}),
		"group name with a quote": group(NewGroup{Name: "mg'1"}),
		"group name with an at":   group(NewGroup{Name: "mg@contoso.example"}),
		"owner by name":           group(NewGroup{Name: testName, Owners: []string{testMailbox, "Ann"}}),
		"empty owner":             group(NewGroup{Name: testName, Owners: []string{""}}),
		"hide by name":            func(c *Client) error { return c.HideDistributionGroup(ctx, "Sales") },
		"hide nothing":            func(c *Client) error { return c.HideDistributionGroup(ctx, "") },
		"remove group by name":    func(c *Client) error { return c.RemoveDistributionGroup(ctx, testName) },
		"remove no group":         func(c *Client) error { return c.RemoveDistributionGroup(ctx, zeroGUID) },
		"member of no group":      func(c *Client) error { return c.AddDistributionGroupMember(ctx, "", testMailbox) },
		"member by name":          func(c *Client) error { return c.AddDistributionGroupMember(ctx, testGroup, "Ann") },
		"remove member by name":   func(c *Client) error { return c.RemoveDistributionGroupMember(ctx, testGroup, "Ann") },
		"remove all members":      func(c *Client) error { return c.RemoveDistributionGroupMember(ctx, testGroup, "*") },
		"policy of everybody":     policy(EveryApplication, testGroup, ""),
		"policy of nobody":        policy("", testGroup, ""),
		"policy on a name":        policy(testAppID, "Sales", ""),
		"long description":        policy(testAppID, testGroup, strings.Repeat("ü", 257)),
		"lines in description":    policy(testAppID, testGroup, "one\ntwo"),
		"token in description":    policy(testAppID, testGroup, "Bearer eyJhbGciOiJub25lIn0.e30."),
		"remove no policy":        func(c *Client) error { return c.RemoveApplicationAccessPolicy(ctx, " ") },
		"remove all policies":     func(c *Client) error { return c.RemoveApplicationAccessPolicy(ctx, "*") },
		"access to a name":        func(c *Client) error { return c.AddMailboxPermission(ctx, "News", testObjectID) },
		"access of a name":        func(c *Client) error { return c.AddMailboxPermission(ctx, testMailbox, "Newsletter") },
		"access of the dead":      func(c *Client) error { return c.AddMailboxPermission(ctx, testMailbox, deadTrustee) },
		"own access":              func(c *Client) error { return c.RemoveMailboxPermission(ctx, testMailbox, `NT AUTHORITY\SELF`) },
		"own access by its id":    func(c *Client) error { return c.RemoveMailboxPermission(ctx, testMailbox, "S-1-5-10") },
		"no one's access":         func(c *Client) error { return c.RemoveMailboxPermission(ctx, testMailbox, "") },
		"no mailbox's access":     func(c *Client) error { return c.RemoveMailboxPermission(ctx, "", testObjectID) },
		"sending of a name":       func(c *Client) error { return c.AddRecipientPermission(ctx, testMailbox, "Newsletter") },
		"sending as a name":       func(c *Client) error { return c.AddRecipientPermission(ctx, "News", testObjectID) },
		"own sending":             func(c *Client) error { return c.RemoveRecipientPermission(ctx, testMailbox, "S-1-5-21") },
		"protocols of a name":     func(c *Client) error { _, err := c.GetCASMailbox(ctx, "News"); return err },
		"nameless mailbox":        mailbox("", "letters@contoso.example"),
		"long mailbox name":       mailbox(strings.Repeat("n", 65), "letters@contoso.example"),
		"no address":              mailbox("Letters", ""),
		"no domain":               mailbox("Letters", "letters"),
		"address with a name":     mailbox("Letters", "Letters <letters@contoso.example>"),
		"quoted address":          mailbox("Letters", `"le tters"@contoso.example`),
		"two addresses":           mailbox("Letters", "a@contoso.example, b@contoso.example"),
	}
	for name, call := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := newWire(t, says(http.StatusOK, rows()))
			fault := wantKind(t, call(played.client), BadParameter)
			if fault.MayHaveActed || fault.Status != 0 || len(played.requests()) != 0 {
				t.Errorf("%d requests for a local refusal: %+v", len(played.requests()), fault)
			}
		})
	}
}

// Whatever else a success answers, the object that was wanted did not come of it; yet something may.
func TestWritesTrustNoOtherAnswer(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	group := func(c *Client) error { _, err := c.NewDistributionGroup(ctx, NewGroup{Name: testName}); return err }
	policy := func(c *Client) error {
		_, err := c.NewApplicationAccessPolicy(ctx, testAppID, testGroup, "")
		return err
	}
	mailbox := func(c *Client) error {
		_, err := c.NewSharedMailbox(ctx, "Letters", "Letters", "letters@contoso.example")
		return err
	}
	cases := map[string]struct {
		body string
		call func(*Client) error
	}{
		"no group":               {rows(), group},
		"empty answer":           {"", group},
		"another group":          {rows(groupRow), group},
		"a list":                 {rows(strings.ReplaceAll(madeGroup, MailEnabledSecurityGroup, DistributionList)), group},
		"a group of no id":       {rows(strings.ReplaceAll(madeGroup, testGroup, "")), group},
		"no policy":              {rows(), policy},
		"two policies":           {rows(madePolicy, madePolicy), policy},
		"policy that denies":     {rows(strings.ReplaceAll(madePolicy, RestrictAccess, DenyAccess)), policy},
		"policy of another":      {rows(strings.ReplaceAll(madePolicy, "AB\"", "AC\"")), policy},
		"policy of everybody":    {rows(strings.ReplaceAll(madePolicy, "3A1C0000-0000-4000-8000-0000000000AB", "*")), policy},
		"policy on another":      {rows(strings.ReplaceAll(madePolicy, testGroup, testMailbox)), policy},
		"policy without its key": {rows(strings.ReplaceAll(madePolicy, `"Identity"`, `"Key"`)), policy},
		"no mailbox":             {rows(), mailbox},
		"another mailbox":        {rows(recipientRow), mailbox},
		"a user's mailbox":       {rows(strings.ReplaceAll(madeMailbox, "SharedMailbox", "UserMailbox")), mailbox},
		"an alias of another": {rows(`{"Guid":"` + testMailbox + `","PrimarySmtpAddress":"news@contoso.example",` +
			`"EmailAddresses":["smtp:letters@contoso.example"],"RecipientTypeDetails":"SharedMailbox"}`), mailbox},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fault := wantKind(t, test.call(newWire(t, says(http.StatusOK, test.body)).client), Incomplete)
			if !fault.MayHaveActed {
				t.Error("nothing is said of a possible effect")
			}
		})
	}
}

func TestProtocolsTrustNoHalfAnswer(t *testing.T) {
	t.Parallel()
	protocols := func(c *Client) error { _, err := c.GetCASMailbox(context.Background(), testMailbox); return err }
	sending := func(c *Client) error { _, err := c.GetTransportConfig(context.Background()); return err }
	for name, test := range map[string]struct {
		body string
		call func(*Client) error
	}{
		"no mailbox":         {rows(), protocols},
		"another mailbox":    {rows(strings.ReplaceAll(casRow, "0B7E6C1E", "1B7E6C1E")), protocols},
		"a mailbox of no id": {rows(`{"ImapEnabled":true}`), protocols},
		"no list":            {"", protocols},
		"no configuration":   {rows(), sending},
		"two configurations": {rows(`{}`, `{}`), sending},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantKind(t, test.call(newWire(t, says(http.StatusOK, test.body)).client), Incomplete)
		})
	}
}

func TestFindGroupTellsWhetherItIsHidden(t *testing.T) {
	t.Parallel()
	hidden := strings.ReplaceAll(joiningRow, `"ManagedBy"`, `"HiddenFromAddressListsEnabled":"True","ManagedBy"`)
	played := newWire(t, says(200, rows(groupRow)), says(200, rows(hidden)))
	found, err := played.client.FindGroup(context.Background(), testGroup)
	if err != nil || !found.Hidden {
		t.Errorf("got %+v, %v", found, err)
	}
}
