package tenant

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func TestDirectoryFaultsAreAllNamed(t *testing.T) {
	t.Parallel()
	const text = `{"tenant":{"id":"x","domain":"contoso"},
		"service":{"appId":"a0000000-0000-4000-8000-000000000001","objectId":"b0000000-0000-4000-8000-000000000001","roles":["Mail.Everything"]},
		"servicePrincipals":[{"appId":"a0000000-0000-4000-8000-000000000001","objectId":"y","type":"Robot"}],
		"applications":[{"appId":"z","objectId":"b0000000-0000-4000-8000-000000000001"}],
		"consents":[{"workload":"nobody","resource":"teams","permission":"Mail.Read"}],
		"mailboxes":[{"guid":"q","primary":"news","type":"Inbox","customAttributes":{"CustomAttribute16":"x"}}],
		"scopes":[{"name":"s","filter":"Colour -eq 'red'"}],
		"assignments":[{"name":"a","role":"Mail.Read","workload":"nobody","scope":"none"}],
		"groups":[{"guid":"g","kind":"Club","joinRestriction":"Never","filter":"x"},{"guid":"h","displayName":"D","kind":"Dynamic","primary":"d@e.f"}],
		"administrativeUnits":[{"id":"u","exchangeLag":"soon"}],
		"accessPolicies":[{"appId":"p","scope":"s","accessRight":"Allow"}],
		"mailboxPermissions":[{"mailbox":"m","trustee":"t","right":"Everything"}],
		"directoryRoles":[{"principal":"p","role":"King"}],"roleGroups":[{"name":"r"},{"name":"R"}],"missingRoles":["Application Dance"]}`
	document, err := readDirectory(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	err = document.check()
	if err == nil {
		t.Fatal("the directory passed")
	}
	for _, want := range []string{
		"tenant.id", "tenant.domain", "service.roles", "servicePrincipals[0]: appId", "servicePrincipals[0].objectId",
		"servicePrincipals[0].displayName", "servicePrincipals[0].type", "applications[0].appId", "applications[0]: object id",
		"consents[0].workload", `"teams" has no app role`, "mailboxes[0].guid", "mailboxes[0].displayName", "mailboxes[0].type",
		`"news" is not an address`, "CustomAttribute16", "scopes[0].filter", "assignments[0].role", "assignments[0].workload", "assignments[0].scope",
		"groups[0].guid", "groups[0].displayName", "groups[0].kind", "groups[0].primary", `"Never"`, "groups[0].filter", "groups[1].filter",
		"administrativeUnits[0].id", "administrativeUnits[0].displayName", "administrativeUnits[0].exchangeLag", "accessPolicies[0].appId",
		"accessPolicies[0].accessRight", "mailboxPermissions[0].right", "directoryRoles[0].role", "roleGroups[1]", "missingRoles[0]",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%s is not named in:\n%v", want, err)
		}
	}
}

func TestDirectoryIsReadStrictly(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "{", "[]", `{"tenant":{"id":"a","colour":"red"}}`, sampleText + "{}", `{}`} {
		_, err := Start(t.Context(), Options{Directory: strings.NewReader(text)})
		if err == nil {
			t.Errorf("%.40q was taken", text)
		}
	}
}

func TestOwnDirectoryWithoutOptionalIDs(t *testing.T) {
	t.Parallel()
	text := `{"tenant":{"id":"` + SampleTenantID + `","domain":"fabrikam.example"},
		"service":{"appId":"` + SampleServiceAppID + `","objectId":"` + SampleServiceObjectID + `","roles":["Exchange.ManageAsApp"],"exchangeRoles":["Organization Management"]},
		"mailboxes":[{"guid":"` + SampleNewsGUID + `","displayName":"News","primary":"news@fabrikam.example","type":"SharedMailbox"}]}`
	to := started(t, Options{Directory: strings.NewReader(text)})
	row := runFine(t, to, "Get-Mailbox", nil)[0]
	if row["UserPrincipalName"] != "news@fabrikam.example" || !guidShape.MatchString(row["ExternalDirectoryObjectId"].(string)) {
		t.Errorf("got %v", row)
	}
}

// TestSchemaAndDocumentNameTheSame compares names, so that neither can change alone.
func TestSchemaAndDocumentNameTheSame(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("directory.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	var schema map[string]any
	err = json.Unmarshal(text, &schema)
	if err != nil {
		t.Fatal(err)
	}
	compareNames(t, "directory", schema, reflect.TypeFor[directory]())
}

func compareNames(t *testing.T, where string, schema map[string]any, document reflect.Type) {
	t.Helper()
	properties, _ := schema["properties"].(map[string]any)
	var described, held []string
	for name := range properties {
		described = append(described, name)
	}
	for index := range document.NumField() {
		field := document.Field(index)
		if !field.IsExported() {
			continue
		}
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		held = append(held, name)
		inner := field.Type
		description, _ := properties[name].(map[string]any)
		if inner.Kind() == reflect.Slice {
			inner = inner.Elem()
			description, _ = description["items"].(map[string]any)
		}
		if inner.Kind() == reflect.Struct {
			compareNames(t, where+"."+name, description, inner)
		}
	}
	slices.Sort(described)
	slices.Sort(held)
	if !slices.Equal(described, held) {
		t.Errorf("%s: the schema names %v, the document %v", where, described, held)
	}
	if schema["additionalProperties"] != false {
		t.Errorf("%s: the schema lets unknown names pass", where)
	}
}

func TestSampleConstantsStandInTheSample(t *testing.T) {
	t.Parallel()
	for _, each := range []string{
		SampleTenantID, SampleDomain, SampleServiceAppID, SampleServiceObjectID, SampleNewsletterRegistrationID, SampleNewsletterSecret,
		SampleRoomBookingAppID, SampleRoomBookingObjectID, SampleArchiveRegistrationID, SampleArchiveSecret, SampleHelpdeskRegistrationID,
		SampleHelpdeskSecret, SampleHelpdeskScope, SampleHelpdeskAssignment, SampleNewsGUID, SampleHRGUID, SampleCEOGUID, SampleCFOGUID,
		SampleRoomParisGUID, SampleProjectorGUID, SamplePartnerGUID, SampleTeamGUID, SampleAliceGUID,
		SampleSalesGUID, SampleSalesEntraID, SampleSalesSouthGUID, SampleAllStaffGUID, SampleTeamEntraID, SampleEuropeGUID,
		SampleBuildingEntraID, SampleEmptyGroupGUID, SampleParisUnitID,
	} {
		if !strings.Contains(SampleDirectory(), `"`+each+`"`) {
			t.Errorf("%s is not in the sample", each)
		}
	}
}
