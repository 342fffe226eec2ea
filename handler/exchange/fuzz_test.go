package exchange

import (
	"strings"
	"testing"
	"unicode"
)

// A page either decodes as a whole or not at all, and what it yields is in normal form.
func FuzzDecodeAnswer(f *testing.F) {
	for _, body := range []string{
		"", "null", "[]", "{}", `{"value":null}`, rows(), rows(pointerRow, scopeRow), rows(recipientRow),
		`{"value":[{"InScope":true,"GrantedPermissions":["a","b, c"],"Guid":"{5C000000-0000-4000-8000-000000000001}"}],"@odata.nextLink":"https://x/y"}`,
		`{"value":[],"@adminapi.errors":["|N.ServerBusyException|x",{"Message":"m","TypeName":"T"}]}`,
		`{"value":[],"Value":[]}`, `{"value":[]}x`, `{"error":{"code":"c"}}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		decoded, err := decodeAnswer(body)
		if err != nil && (decoded.rows != nil || decoded.listed || decoded.nextLink != "") {
			t.Fatalf("an error came with part of an answer: %+v", decoded)
		}
		if len(decoded.rows) > 0 && !decoded.listed {
			t.Fatal("rows without a list")
		}
		for _, properties := range decoded.rows {
			found := decodeRecipient(properties, "")
			if found.GUID != normalGUID(found.GUID) || found.PrimaryAddress != strings.ToLower(found.PrimaryAddress) {
				t.Fatalf("not in normal form: %+v", found)
			}
			for name := range properties {
				if strings.Contains(name, "@") {
					t.Fatalf("annotation %q was taken for a property", name)
				}
			}
			_, _, _ = decodeAuthorization(properties), decodeRoleAssignment(properties, ""), decodeManagementScope(properties, "")
		}
	})
}

// No body may break the decoder, reach a log unclean, or claim absence without the type that says so.
func FuzzDecodeError(f *testing.F) {
	for _, body := range []string{
		"", "\x00\x00\x00", "This exceeds the maximum number of concurrent requests per tenant.",
		refusalBody("NotFound", "Ex6F9304|"+notFoundType+"|text"), refusalBody("NotFound", "|"+notFoundType+"|text"),
		refusalBody("NotFound", `{"Message":"text","TypeName":"`+notFoundType+`","StackTrace":null,"InnerError":null}`),
		`{"error":{"innererror":{"internalException":{"message":"m","type":"` + notFoundType + `"}}}}`,
		refusalBody("X", "|A.CmdletProxyException|Error on proxy command 'x'\n|"+notFoundType+"|text"),
		`{"error":"invalid"}`, `{"error":{"details":{}}}`, "Bearer eyJhbGciOiJub25lIn0.e30.c2ln",
	} {
		f.Add([]byte(body), 404)
	}
	f.Fuzz(func(t *testing.T, body []byte, status int) {
		said := decodeError(body)
		asked := command{cmdlet: "Get-Recipient"}
		received := (&Error{Status: status}).because(asked, said)
		if received.Kind == "" {
			t.Fatal("no kind")
		}
		if received.Kind == NotFound && !strings.HasSuffix(said.exceptionType, "ManagementObjectNotFoundException") {
			t.Fatalf("absence without its type: %+v", said)
		}
		text := received.Error()
		if len(received.Message) > messageLimit || strings.ContainsFunc(text, unicode.IsControl) {
			t.Fatalf("not clean: %q", text)
		}
		if secrets.MatchString(received.Message) && !strings.Contains(received.Message, "[redacted]") {
			t.Fatalf("a token is left: %q", received.Message)
		}
	})
}

// Whatever a row holds, what is made of it is in normal form: ids are GUIDs in lower case, verdicts
// are known words, and nothing incomplete passes for complete.
func FuzzDecodeReach(f *testing.F) {
	for _, object := range []string{
		groupRow, joiningRow, unitRow, recipientRow, pointerRow, assignmentRow, "{}", "null", "[]",
		`{"Identity":"t\\a:S-1;g","AppId":"*","AccessRight":"DenyAccess","ScopeIdentityRaw":"S-1;{90000000-0000-4000-8000-000000000001}"}`,
		`{"AppId":"x","MailboxId":{},"AccessCheckResult":["Granted"]}`,
		`{"Identity":"a","User":"u","Trustee":["u"],"AccessRights":"FullAccess,,","Deny":"yes","AccessControlType":7}`,
		`{"Name":"Application Mail.Send","RoleType":null,"Roles":"x","Members":[1,null,{}]}`,
		madeGroup, madePolicy, madeMailbox, casRow, `{"Guid":"x","ImapEnabled":[true],"PopEnabled":"FALSE","SmtpClientAuthenticationDisabled":0}`,
		`{"Name":"n","EwsEnabled":"maybe","EWSAllowedAppIDs":[",A"],"CustomAttribute1":{"a":1},"AdministrativeUnits":"x"}`,
	} {
		f.Add([]byte(object))
	}
	f.Fuzz(func(t *testing.T, object []byte) {
		properties, isObject := newRow(object)
		if !isObject {
			return
		}
		group, unit, policy := decodeGroup(properties, ""), decodeAdministrativeUnit(properties, ""), decodeApplicationAccessPolicy(properties, "")
		member, role, roleGroup := decodeRoleGroupMember(properties, ""), decodeManagementRole(properties, ""), decodeRoleGroup(properties, "")
		for _, id := range []string{
			group.GUID, group.ExternalDirectoryObjectID, unit.ID, unit.GUID, policy.ScopeGUID, strings.TrimPrefix(policy.AppID, EveryApplication),
			member.GUID, member.ExternalDirectoryObjectID, role.GUID, roleGroup.GUID,
		} {
			if id != normalGUID(id) {
				t.Fatalf("%q is no id in normal form", id)
			}
		}
		if group.complete() && (group.GUID == "" || group.Type == "") || policy.complete() && policy.AppID == "" || unit.complete() && unit.ID == "" {
			t.Fatalf("taken for complete: %+v %+v %+v", group, policy, unit)
		}
		if group.answersTo("") || unit.answersTo("") {
			t.Fatal("an object answers to the empty identity")
		}
		checkPermissions(t, properties)
		checkProtocols(t, properties)
		checkProperties(t, properties)
	})
}

func checkPermissions(t *testing.T, properties row) {
	t.Helper()
	mailbox, sending := decodeMailboxPermission(properties, ""), decodeRecipientPermission(properties, "")
	for _, right := range append(mailbox.Rights, sending.Rights...) {
		if right == "" || strings.ContainsRune(right, ',') || right != strings.TrimSpace(right) {
			t.Fatalf("%q is no right", right)
		}
	}
	if mailbox.complete() && mailbox.Trustee == "" || sending.complete() && sending.Trustee == "" {
		t.Fatalf("nobody's permission: %+v %+v", mailbox, sending)
	}
	printed := strings.ToLower(strings.TrimSpace(properties.text("AccessCheckResult")))
	known := printed == "granted" || printed == "denied" || printed == "true" || printed == "false"
	if (parsePolicyVerdict(printed) != PolicyUnknown) != known {
		t.Fatalf("%q became %v", printed, parsePolicyVerdict(printed))
	}
}

// checkProtocols holds that a switch that is not clearly set either way says nothing.
func checkProtocols(t *testing.T, properties row) {
	t.Helper()
	found := decodeCASMailbox(properties, "")
	if found.GUID != normalGUID(found.GUID) || found.answersTo("") || found.complete() && found.GUID == "" {
		t.Fatalf("not in normal form: %+v", found)
	}
	for name, off := range map[string]*bool{"ImapEnabled": found.IMAPOff, "PopEnabled": found.POPOff} {
		printed := strings.ToLower(properties.text(name))
		if (off != nil) != (printed == "true" || printed == "false") || off != nil && *off != (printed == "false") {
			t.Fatalf("%s %q became %v", name, printed, off)
		}
	}
	printed := strings.ToLower(properties.text("SmtpClientAuthenticationDisabled"))
	if off := found.SMTPAuthenticationOff; (off != nil) != (printed == "true" || printed == "false") || off != nil && *off != (printed == "true") {
		t.Fatalf("%q became %v", printed, off)
	}
	if hidden := decodeGroup(properties, "").Hidden; hidden != (strings.ToLower(properties.text("HiddenFromAddressListsEnabled")) == "true") {
		t.Fatalf("hidden became %v", hidden)
	}
}

func checkProperties(t *testing.T, properties row) {
	t.Helper()
	for name, values := range filterable(properties) {
		if _, returned := properties[name]; !returned || name != strings.ToLower(name) {
			t.Fatalf("property %q was not returned", name)
		}
		for _, value := range values {
			if value == "" {
				t.Fatalf("property %q has an empty value", name)
			}
		}
	}
	enabled := decodeOrganizationConfig(properties, "").EWSEnabled
	if printed := strings.ToLower(properties.text("EwsEnabled")); (enabled != nil) != (printed == "true" || printed == "false") {
		t.Fatalf("%q became %v", printed, enabled)
	}
}
