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
