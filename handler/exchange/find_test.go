package exchange

import (
	"context"
	"net/http"
	"testing"
)

// An unknown identity may return every object, so only a match counts, and only the tenant's typed
// statement is absence.
func TestFindTrustsOnlyAMatch(t *testing.T) {
	t.Parallel()
	const (
		stranger = `{"DisplayName":"Helpdesk","ObjectId":"3a1c0000-0000-4000-8000-0000000000cc","AppId":"3a1c0000-0000-4000-8000-0000000000cd"}`
		headless = `{"DisplayName":"Newsletter","ObjectId":"3a1c0000-0000-4000-8000-0000000000aa"}`
	)
	cases := map[string]struct {
		status int
		body   string
		kind   Kind
	}{
		"all, ours among them":    {200, rows(stranger, pointerRow), ""},
		"all, ours not":           {200, rows(stranger), Incomplete},
		"two that match":          {200, rows(pointerRow, pointerRow), Ambiguous},
		"an empty list":           {200, rows(), Incomplete},
		"no list":                 {200, `{"@odata.context":"x"}`, Incomplete},
		"a null list":             {200, `{"value":null}`, Incomplete},
		"an empty body":           {200, "", Incomplete},
		"without its ids":         {200, rows(headless), Incomplete},
		"a row that is no object": {200, rows(`"text"`), Incomplete},
		"a null row":              {200, rows("null"), Incomplete},
		"half a body":             {200, rows(pointerRow)[:150], Incomplete},
		"something behind":        {200, rows(pointerRow) + "x", Incomplete},
		"a page of a proxy":       {200, "<html>sign in</html>", Incomplete},
		"accepted":                {202, rows(pointerRow), Unknown},
		"value twice":             {200, `{"value":[` + pointerRow + `],"Value":[]}`, Incomplete},
		"typed not found":         {404, refusalBody("NotFound", "Ex6F9304|Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException|gone"), NotFound},
		"untyped 404":             {404, "", Unknown},
		"404 by code only":        {404, `{"error":{"code":"NotFound","message":"Resource not found for the segment"}}`, Unknown},
		"error inside success":    {200, `{"value":[` + pointerRow + `],"error":{"code":"x","message":"stream broke"}}`, Unknown},
		"a null error":            {200, `{"value":[` + pointerRow + `],"error":null}`, ""},
		"cut by a warning":        {200, `{"@adminapi.warnings":["By default, only the first 1000 items are returned."],"value":[` + pointerRow + `]}`, Incomplete},
		"another warning":         {200, `{"@adminapi.warnings":["The object has been corrupted."],"value":[` + pointerRow + `]}`, ""},
		"errors beside rows":      {200, `{"@adminapi.errors":["|N.ManagementObjectNotFoundException|gone"],"value":[` + pointerRow + `]}`, Incomplete},
		"absent, not terminating": {200, `{"@adminapi.errors":["|N.ManagementObjectNotFoundException|gone"],"value":[]}`, NotFound},
		"absent and more":         {200, `{"adminapi.errors":["|N.ManagementObjectNotFoundException|gone","|N.ServerBusyException|x"],"value":[]}`, Transient},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := newWire(t, says(test.status, test.body))
			found, err := played.client.FindServicePrincipal(context.Background(), testObjectID)
			if test.kind == "" {
				if err != nil || found.AppID != testAppID {
					t.Fatalf("got %+v, %v", found, err)
				}
				return
			}
			fault := wantKind(t, err, test.kind)
			if fault.RequestID != "tenant-request-7" || fault.MayHaveActed {
				t.Errorf("request id %q, may have acted %v", fault.RequestID, fault.MayHaveActed)
			}
		})
	}
}

func TestListBelongsToTheAskedOne(t *testing.T) {
	t.Parallel()
	row := func(assignee, name string) string {
		return `{"Name":"a","Role":"Application Mail.Send","RoleAssignee":"` + assignee + `","RoleAssigneeName":"` + name + `"}`
	}
	cases := map[string]struct {
		body  string
		known []string
		count int
		kind  Kind
	}{
		"empty":                {rows(), nil, 0, ""},
		"object id":            {rows(row("3A1C0000-0000-4000-8000-0000000000AA", "")), nil, 1, ""},
		"path":                 {rows(row(`contoso.example/Configuration/3a1c0000-0000-4000-8000-0000000000aa`, "")), nil, 1, ""},
		"name is the id":       {rows(row("x", testObjectID)), nil, 1, ""},
		"app id, known":        {rows(row(testAppID, "")), []string{testAppID}, 1, ""},
		"app id, not known":    {rows(row(testAppID, "")), nil, 0, Incomplete},
		"a stranger":           {rows(row("3a1c0000-0000-4000-8000-0000000000cc", "Helpdesk")), []string{testAppID, ""}, 0, Incomplete},
		"a stranger among":     {rows(row(testObjectID, ""), row("Helpdesk", "")), nil, 0, Incomplete},
		"nobody":               {rows(row("", "")), []string{""}, 0, Incomplete},
		"without a role":       {rows(`{"Name":"a","RoleAssignee":"` + testObjectID + `"}`), nil, 0, Incomplete},
		"no list":              {`{}`, nil, 0, Incomplete},
		"id inside other text": {rows(row("not-"+testObjectID, "")), nil, 0, Incomplete},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := newWire(t, says(http.StatusOK, test.body))
			list, err := played.client.ListManagementRoleAssignments(context.Background(), testObjectID, test.known...)
			if test.kind != "" {
				wantKind(t, err, test.kind)
			} else if err != nil {
				t.Fatal(err)
			}
			if len(list) != test.count {
				t.Errorf("%d rows, want %d", len(list), test.count)
			}
		})
	}
}

func TestEnabledUnlessTheTenantSaysNo(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		`{}`: true, `{"Enabled":null}`: true, `{"Enabled":"False"}`: false, `{"Enabled":false}`: false, `{"enabled":"True"}`: true,
	} {
		properties, _ := newRow([]byte(text))
		if got := decodeRoleAssignment(properties, "").Enabled; got != want {
			t.Errorf("%s gives %v", text, got)
		}
	}
}

func TestWriteAnsweredWithoutItsObject(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{"void": "", "empty": rows(), "other": rows(`{"Name":"another"}`), "torn": `{"value":[`} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := newWire(t, says(http.StatusOK, body))
			_, err := played.client.NewManagementScope(context.Background(), "mg-abc123-0f-01", "Alias -eq 'x'")
			if !wantKind(t, err, Incomplete).MayHaveActed {
				t.Error("the write may have acted")
			}
		})
	}
}
