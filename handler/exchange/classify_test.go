package exchange

import (
	"context"
	"net/http"
	"strings"
	"testing"
)

const notFoundType = "Microsoft.Exchange.Configuration.Tasks.ManagementObjectNotFoundException"

// One body for each encoding of the same refusal.
func TestEveryEncodingOfARefusal(t *testing.T) {
	t.Parallel()
	const text = "The operation couldn't be performed because object 'mg-1' couldn't be found."
	inner := func(key, details string) string {
		return `{"error":{"code":"NotFound","message":"Error executing cmdlet",` + details + `"innererror":{"type":"X.ODataServiceException","` + key +
			`":{"message":"` + text + `","type":"` + notFoundType + `","stacktrace":""}}}}`
	}
	cases := map[string]string{
		"identified":        refusalBody("NotFound", "Ex6F9304|"+notFoundType+"|"+text),
		"no identifier":     refusalBody("NotFound", "|"+notFoundType+"|"+text),
		"object in text":    refusalBody("NotFound", `{"Message":"`+text+`","TypeName":"`+notFoundType+`","StackTrace":null,"InnerError":null}`),
		"object":            `{"error":{"code":"NotFound","details":[{"message":{"Message":"` + text + `","TypeName":"` + notFoundType + `"}}]}}`,
		"inner":             inner("internalexception", ""),
		"inner, other case": inner("internalException", ""),
		"inner, loud":       inner("INTERNALEXCEPTION", `"details":null,`),
		"untyped detail":    inner("internalexception", `"details":[{"message":"Error executing cmdlet"}],`),
		"details misshapen": inner("internalexception", `"details":"none",`),
		"wrapper before":    inner("internalexception", `"details":[{"message":"|N.CmdletProxyException|it failed"}],`),
		"second detail":     `{"error":{"code":"NotFound","details":[{"message":""},{"message":"Ex1|` + notFoundType + `|` + text + `"}]}}`,
		"upper case":        `{"Error":{"Code":"NotFound","Details":[{"Message":"|` + notFoundType + `|` + text + `"}]}}`,
		"proxied": refusalBody("NotFound", "|Microsoft.Exchange.Configuration.CmdletProxyException.CmdletProxyException|Error on proxy command 'Get-ManagementScope' to server AM0: "+
			"cmdlet error with following error message:\n|"+notFoundType+"|"+text),
	}
	for name, body := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := decodeError([]byte(body))
			want := fault{code: "NotFound", exceptionType: notFoundType, message: text}
			if said != want {
				t.Errorf("got  %+v\nwant %+v", said, want)
			}
		})
	}
}

func TestDecodeErrorKeepsWhatItDoesNotUnderstand(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]fault{
		"":                                     {},
		"\x00\x00\x00\x00":                     {},
		"Too busy.":                            {message: "Too busy."},
		`{"error":"invalid_request"}`:          {message: "invalid_request"},
		`{"error":{"code":"A","message":"m"}}`: {code: "A", message: "m"},
		`{"error":{}}`:                         {},
		`{"Message":"other"}`:                  {message: `{"Message":"other"}`},
		`[1]`:                                  {message: `[1]`},
		`{"error":{"details":[{"message":"a|b|c"}]}}`:                     {message: "a|b|c"},
		`{"error":{"details":[{"message":"Ex1|not a type|c"}]}}`:          {message: "Ex1|not a type|c"},
		`{"error":{"details":[{"message":"{\"StackTrace\":\"deep\"}"}]}}`: {message: `{"StackTrace":"deep"}`},
	} {
		if got := decodeError([]byte(body)); got != want {
			t.Errorf("%q gives %+v, want %+v", body, got, want)
		}
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	typed := func(name string) fault { return fault{exceptionType: "Microsoft.Exchange.X." + name, message: "text"} }
	said := func(text string) fault {
		return fault{exceptionType: "System.InvalidOperationException", message: text}
	}
	const wrapper = "DirectInvokeCmdletExecutionException"
	cases := []struct {
		name   string
		cmdlet string
		status int
		fault  fault
		want   Kind
	}{
		{"absent", "Get-Recipient", 404, typed("ManagementObjectNotFoundException"), NotFound},
		{"absent as 400", "Get-Recipient", 400, typed("ManagementObjectNotFoundException"), NotFound},
		{"absent as 500", "Get-Recipient", 500, typed("ManagementObjectNotFoundException"), NotFound},
		{"absence while refused", "Get-Recipient", 403, typed("ManagementObjectNotFoundException"), Forbidden},
		{"absence while unauthorized", "Get-Recipient", 401, typed("ManagementObjectNotFoundException"), Unauthorized},
		{"absence while throttled", "Get-Recipient", 429, typed("ManagementObjectNotFoundException"), Throttled},
		{"absence while down", "Get-Recipient", 503, typed("ManagementObjectNotFoundException"), Transient},
		{"absence only in text", "Get-Recipient", 404, said("object 'x' couldn't be found"), Unknown},
		{"pointer not yet there", "New-ManagementRoleAssignment", 404, typed("ManagementObjectNotFoundException"), NotReady},
		{"remove of an absent one", "Remove-ManagementRoleAssignment", 404, typed("ManagementObjectNotFoundException"), NotFound},
		{"exists", "New-ManagementScope", 400, typed("ADObjectAlreadyExistsException"), AlreadyExists},
		{"exists in text", "New-ServicePrincipal", 400, said("The service principal already exists."), AlreadyExists},
		{"dehydrated", "New-ManagementScope", 400, typed("InvalidOperationInDehydratedContextException"), Dehydrated},
		{"bad name", "Get-Recipient", 400, typed("CommandInvocation.AmbiguousParameterSetException"), BadParameter},
		{"bad value", "Get-Recipient", 400, typed("ParameterTransformationException"), BadParameter},
		{"ambiguous", "Get-Recipient", 400, typed("ManagementObjectAmbiguousException"), Ambiguous},
		{"ambiguous in text", "Get-Recipient", 400, said("'x' matches multiple entries."), Ambiguous},
		{"no delegating right", "New-ManagementRoleAssignment", 400, said("You must be assigned a delegating role assignment"), NotReady},
		{"no access to the role", "New-ManagementRoleAssignment", 400, said("You don’t have access to create, change, or remove the \"x\" management role assignment"), NotReady},
		{"scope in use", "Remove-ManagementScope", 400, said("It has management role assignments."), InUse},
		{"the same text elsewhere", "Remove-ManagementRoleAssignment", 400, said("It has management role assignments."), Unknown},
		{"name taken", "New-DistributionGroup", 400, typed("ADObjectAlreadyExistsException"), AlreadyExists},
		{"address taken", "New-Mailbox", 400, typed("ProxyAddressExistsException"), AlreadyExists},
		{"member", "Add-DistributionGroupMember", 400, typed("MemberAlreadyExistsException"), AlreadyExists},
		{"member in text", "Add-DistributionGroupMember", 400, said("The recipient \"x\" is already a member of the group \"y\"."), AlreadyExists},
		{"no member", removeMember, 400, typed("MemberNotFoundException"), NotFound},
		{"no member in text", removeMember, 400, said("The recipient \"x\" isn’t a member of the group \"y\"."), NotFound},
		{"no member, elsewhere", "Get-DistributionGroupMember", 400, typed("MemberNotFoundException"), Unknown},
		{"no member in text, elsewhere", "Add-DistributionGroupMember", 400, said("The owner isn't a member of the group."), Unknown},
		{"no member while refused", removeMember, 403, said("The caller isn't a member of the group."), Forbidden},
		{"no member with an odd status", removeMember, 409, said("It isn't a member of the group."), Unknown},
		{"no room for policies", "New-ApplicationAccessPolicy", 400, said("The total size of App Access Policies exceeded the limit."), PolicySpace},
		{"no room, elsewhere", "Set-ApplicationAccessPolicy", 400, said("The total size of App Access Policies exceeded the limit."), Unknown},
		{"busy as 400", "Get-Recipient", 400, typed("ServerBusyException"), Transient},
		{"derived transient", "Get-Recipient", 400, typed("ADTransientException"), Transient},
		{"backend", "Get-Recipient", 500, typed("BackendCommunicationException"), Transient},
		{"proxy not there", "Get-Recipient", 400, fault{message: "CmdletProxyNotAvailableFailure: no proxy"}, Transient},
		{"concurrency", "Get-Recipient", 400, fault{message: "This operation exceeds the maximum number of concurrent requests per tenant. Try again."}, Throttled},
		{"concurrency as 500", "Get-Recipient", 500, fault{message: "exceeds the maximum number of concurrent requests"}, Throttled},
		{"expired page", "Get-Recipient", 400, fault{message: "Expired or Invalid pagination request. Default Expiry time is 00:30:00"}, Incomplete},
		{"throttled", "Get-Recipient", 429, fault{}, Throttled},
		{"unauthorized", "Get-Recipient", 401, fault{}, Unauthorized},
		{"forbidden", "Get-Recipient", 403, fault{}, Forbidden},
		{"time-out", "Get-Recipient", 408, fault{}, Transient},
		{"bad gateway", "Get-Recipient", 502, fault{}, Transient},
		{"unavailable", "Get-Recipient", 503, fault{}, Transient},
		{"gateway time-out", "Get-Recipient", 504, fault{}, Transient},
		{"bare 500", "Get-Recipient", 500, fault{}, Transient},
		{"500 in a wrapper", "Get-Recipient", 500, typed(wrapper), Transient},
		{"500 with a name", "Get-Recipient", 500, typed("NullReferenceException"), Unknown},
		{"bare 400", "Get-Recipient", 400, fault{}, Unknown},
		{"method not allowed", "Get-Recipient", 405, fault{}, Unknown},
		{"redirect", "Get-Recipient", 307, fault{}, Unknown},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := refusal{test.cmdlet, test.status, test.fault}.kind()
			if got != test.want {
				t.Errorf("kind is %q, want %q", got, test.want)
			}
		})
	}
}

func TestWhichRefusalsMayHaveActed(t *testing.T) {
	t.Parallel()
	cases := map[string]struct {
		handler http.HandlerFunc
		kind    Kind
		acted   bool
	}{
		"refused":              {says(400, refusalBody("BadRequest", "|N.ParameterTransformationException|bad")), BadParameter, false},
		"not there":            {says(404, refusalBody("NotFound", "|"+notFoundType+"|gone")), NotFound, false},
		"forbidden":            {says(403, ""), Forbidden, false},
		"throttled":            {says(429, "", "Retry-After", "7"), Throttled, false},
		"unavailable":          {says(503, ""), Transient, true},
		"failed":               {says(500, refusalBody("InternalServerError", "|N.NullReferenceException|oh")), Unknown, true},
		"timed out":            {says(408, ""), Transient, true},
		"backend as 400":       {says(400, refusalBody("BadRequest", "|N.BackendCommunicationException|oh")), Transient, true},
		"lost":                 {drops, Lost, true},
		"errors with success":  {says(200, `{"value":[],"@adminapi.errors":["Ex1|N.OddException|half done"]}`), Unknown, true},
		"error of odd shape":   {says(200, `{"value":[],"@adminapi.errors":{"a":1}}`), Unknown, true},
		"accepted for later":   {says(202, ""), Unknown, true},
		"redirected":           {says(307, "", "Location", "/elsewhere"), Unknown, true},
		"a body cut off":       {says(200, "{", "Content-Length", "50"), Lost, true},
		"a success unreadable": {says(200, "<html>"), Incomplete, true},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			played := newWire(t, test.handler)
			err := played.client.RemoveManagementScope(context.Background(), "mg-abc123-0f-01")
			fault := wantKind(t, err, test.kind)
			if fault.MayHaveActed != test.acted {
				t.Errorf("may have acted is %v", fault.MayHaveActed)
			}
			if count := len(played.requests()); count != 1 {
				t.Errorf("the write was sent %d times", count)
			}
		})
	}
}

func TestErrorText(t *testing.T) {
	t.Parallel()
	played := newWire(t, says(404, refusalBody("NotFound", "Ex6F9304|"+notFoundType+"|object\r\n'mg-1' Bearer abc.def-ghi eyJhbGciOiJub25lIn0.e30.c2ln"),
		"x-ms-diagnostics", "2000008;reason=\"none\""))
	err := played.client.RemoveManagementScope(context.Background(), "mg-1")
	want := `remove a management scope (Remove-ManagementScope) "mg-1": not found, answered 404, NotFound, ManagementObjectNotFoundException, ` +
		`object 'mg-1' [redacted] [redacted], 2000008;reason="none"; request tenant-request-7; the object is absent; check the identity if it should be there`
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestErrorTextOfALostWrite(t *testing.T) {
	t.Parallel()
	played := newWire(t, drops)
	err := played.client.RemoveManagementScope(context.Background(), "mg-1")
	want := `remove a management scope (Remove-ManagementScope) "mg-1": lost, EOF; request ` + asError(t, err).RequestID +
		`; the write may have taken effect; read the object again before deciding anything`
	if err.Error() != want {
		t.Errorf("got  %s\nwant %s", err, want)
	}
}

func TestCleanIsBounded(t *testing.T) {
	t.Parallel()
	got := clean(strings.Repeat("é\x00\x1b\u202e", 5000), messageLimit)
	if len(got) > messageLimit || strings.ContainsAny(got, "\x00\x1b\u202e") || !strings.HasPrefix(got, "é é") {
		t.Errorf("%d bytes: %.40q", len(got), got)
	}
	if odd := clean("aé", 2); odd != "a" {
		t.Errorf("a character was cut in half: %q", odd)
	}
}

func TestKindOf(t *testing.T) {
	t.Parallel()
	if KindOf(nil) != "" || KindOf(context.Canceled) != Unknown || KindOf(&Error{Kind: InUse}) != InUse {
		t.Error("KindOf is wrong about nil, a foreign error or its own")
	}
}

func TestMayHaveActedOfAnyError(t *testing.T) {
	t.Parallel()
	if MayHaveActed(nil) || MayHaveActed(&Error{Kind: Throttled}) {
		t.Error("no failure and a refusal have no effect")
	}
	if !MayHaveActed(context.Canceled) || !MayHaveActed(&Error{MayHaveActed: true}) {
		t.Error("what is not known may have acted")
	}
}
