package exchange

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

func absentRefusal() http.HandlerFunc {
	return says(404, refusalBody("NotFound", "|"+notFoundType+"|gone"))
}

func TestFindGroupAsksTwice(t *testing.T) {
	t.Parallel()
	for _, identity := range []string{testGroup, groupDN, "sales", "Sales20261101", "sales@contoso.example", "91000000-0000-4000-8000-000000000001"} {
		played := newWire(t, says(200, rows(groupRow)), says(200, rows(joiningRow)))
		found, err := played.client.FindGroup(context.Background(), identity)
		want := Group{GUID: testGroup, ExternalDirectoryObjectID: "91000000-0000-4000-8000-000000000001", DistinguishedName: groupDN, Name: "Sales20261101",
			DisplayName: "Sales", PrimaryAddress: "sales@contoso.example", Type: MailEnabledSecurityGroup, ManagedBy: []string{"Ann"},
			JoinRestriction: "Open", DepartRestriction: "Closed", RequestID: "tenant-request-7"}
		if err != nil || !reflect.DeepEqual(found, want) {
			t.Fatalf("%s: got %+v, %v", identity, found, err)
		}
		sent := played.requests()
		if len(sent) != 2 || sent[0].cmdlet != "Get-Group" || sent[1].cmdlet != "Get-DistributionGroup" || sent[1].parameters["Identity"] != testGroup {
			t.Errorf("%s: sent %+v", identity, sent)
		}
	}
}

func TestFindGroupByItsKind(t *testing.T) {
	t.Parallel()
	unified := strings.ReplaceAll(groupRow, MailEnabledSecurityGroup, Microsoft365Group)
	const public = `{"Guid":"90000000-0000-4000-8000-000000000001","RecipientTypeDetails":"GroupMailbox","AccessType":"Public"}`
	played := newWire(t, says(200, rows(unified)), says(200, rows(public)))
	found, err := played.client.FindGroup(context.Background(), testGroup)
	if err != nil || found.AccessType != "Public" || played.requests()[1].cmdlet != "Get-UnifiedGroup" {
		t.Errorf("got %+v, %v", found, err)
	}
	dynamic := strings.ReplaceAll(groupRow, MailEnabledSecurityGroup, DynamicDistributionList)
	played = newWire(t, absentRefusal(), says(200, rows(dynamic)))
	found, err = played.client.FindGroup(context.Background(), "Sales")
	if err != nil || found.Type != DynamicDistributionList || found.GUID != testGroup || played.requests()[1].cmdlet != "Get-Recipient" {
		t.Errorf("got %+v, %v", found, err)
	}
	plain := strings.ReplaceAll(groupRow, MailEnabledSecurityGroup, "UniversalSecurityGroup")
	played = newWire(t, says(200, rows(plain)))
	found, err = played.client.FindGroup(context.Background(), "Sales")
	if err != nil || found.Type != "UniversalSecurityGroup" || len(played.requests()) != 1 {
		t.Errorf("got %+v, %v", found, err)
	}
}

func TestFindGroupThatIsNone(t *testing.T) {
	t.Parallel()
	ambiguous := says(400, refusalBody("BadRequest", "|N.ManagementObjectAmbiguousException|two"))
	for name, test := range map[string]struct {
		handlers []http.HandlerFunc
		kind     Kind
	}{
		"nothing":                  {[]http.HandlerFunc{absentRefusal()}, NotFound},
		"a mailbox":                {[]http.HandlerFunc{absentRefusal(), says(200, rows(strings.ReplaceAll(recipientRow, `"News"`, `"Sales"`)))}, WrongType},
		"several":                  {[]http.HandlerFunc{ambiguous}, Ambiguous},
		"several, in one answer":   {[]http.HandlerFunc{says(200, rows(groupRow, groupRow))}, Ambiguous},
		"several of another type":  {[]http.HandlerFunc{absentRefusal(), ambiguous}, Ambiguous},
		"not asked to the end":     {[]http.HandlerFunc{absentRefusal(), says(403, "")}, Forbidden},
		"gone in between":          {[]http.HandlerFunc{says(200, rows(groupRow)), absentRefusal()}, NotFound},
		"no word on who may join ": {[]http.HandlerFunc{says(200, rows(groupRow)), says(403, "")}, Forbidden},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := newWire(t, test.handlers...).client.FindGroup(context.Background(), "Sales")
			wantKind(t, err, test.kind)
			if found.GUID != "" {
				t.Errorf("%+v came with the error", found)
			}
		})
	}
}

func TestTestApplicationAccessPolicy(t *testing.T) {
	t.Parallel()
	row := func(app, mailbox, result string) string {
		return rows(`{"AppId":"` + app + `","Mailbox":"News","MailboxId":"` + mailbox + `","AccessCheckResult":` + result + `}`)
	}
	const other = "0b7e6c1e-1111-4222-8333-955555555555"
	for name, test := range map[string]struct {
		body    string
		verdict PolicyVerdict
		kind    Kind
	}{
		"granted":          {row(testAppID, testMailbox, `"Granted"`), PolicyGranted, ""},
		"denied":           {row(strings.ToUpper(testAppID), strings.ToUpper(testMailbox), `" denied "`), PolicyDenied, ""},
		"a flag":           {row(testAppID, testMailbox, `true`), PolicyGranted, ""},
		"a flag as text":   {row(testAppID, testMailbox, `"False"`), PolicyDenied, ""},
		"another language": {row(testAppID, testMailbox, `"Gewährt"`), PolicyUnknown, ""},
		"a number":         {row(testAppID, testMailbox, `1`), PolicyUnknown, ""},
		"nothing":          {row(testAppID, testMailbox, `null`), PolicyUnknown, ""},
		"no mailbox shown": {row(testAppID, "", `"Granted"`), PolicyGranted, ""},
		"a known alias":    {row(testAppID, testGroup, `"Granted"`), PolicyGranted, ""},
		"another mailbox":  {row(testAppID, other, `"Granted"`), 0, Incomplete},
		"another app":      {row(testObjectID, testMailbox, `"Granted"`), 0, Incomplete},
		"no app":           {row("", testMailbox, `"Granted"`), 0, Incomplete},
		"no row":           {rows(), 0, Incomplete},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := newWire(t, says(200, test.body))
			got, err := played.client.TestApplicationAccessPolicy(context.Background(), strings.ToUpper(testAppID), testMailbox, testGroup)
			if test.kind != "" {
				wantKind(t, err, test.kind)
				return
			}
			if err != nil || got.Verdict != test.verdict || got.AppID != testAppID || got.RequestID == "" {
				t.Errorf("got %+v, %v", got, err)
			}
			sent := played.requests()[0].parameters
			if !reflect.DeepEqual(sent, map[string]any{"Identity": testMailbox, "AppId": testAppID}) {
				t.Errorf("sent %v", sent)
			}
		})
	}
}

// Lists ask for the columns that they need, and the continuation does as the link says.
func TestListsOfMailboxesArePagedAndNarrow(t *testing.T) {
	t.Parallel()
	second := strings.Replace(recipientRow, "0B7E6C1E", "0B7E6C1F", 1)
	var played *wire
	first := func(writer http.ResponseWriter, request *http.Request) {
		link := played.server.URL + listPath + "?$select=Guid&$skiptoken=p2"
		says(200, strings.TrimSuffix(rows(recipientRow), "}")+`,"@odata.nextLink":"`+link+`"}`)(writer, request)
	}
	played = newWire(t, first, says(200, rows(second)))
	found, err := played.client.ListMailboxProfiles(context.Background())
	if err != nil || len(found) != 2 || found[1].GUID == found[0].GUID {
		t.Fatalf("got %+v, %v", found, err)
	}
	sent := played.requests()
	if !strings.HasPrefix(sent[0].path, listPath+"?$select=Guid,") || !strings.Contains(sent[0].path, ",Department,") || sent[1].path != listPath+"?$select=Guid&$skiptoken=p2" {
		t.Errorf("asked for %q, then %q", sent[0].path, sent[1].path)
	}
	if types := sent[0].parameters["RecipientTypeDetails"]; !reflect.DeepEqual(types, []any{"UserMailbox", "SharedMailbox", "RoomMailbox", "EquipmentMailbox"}) {
		t.Errorf("types %v", types)
	}
}

// A property that was not returned must stay apart from one without a value.
func TestPropertiesThatWereNotReturned(t *testing.T) {
	t.Parallel()
	properties, _ := newRow([]byte(`{"CustomAttribute1":"012332","CustomAttribute2":null,"CustomAttribute3":"","ExtensionCustomAttribute1":["a","b"],"HiddenFromAddressListsEnabled":true,"Guid":"x"}`))
	want := map[string][]string{
		"customattribute1": {"012332"}, "customattribute2": nil, "customattribute3": nil,
		"extensioncustomattribute1": {"a", "b"}, "hiddenfromaddresslistsenabled": {"true"},
	}
	if got := filterable(properties); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
