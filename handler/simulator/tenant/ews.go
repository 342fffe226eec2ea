package tenant

import (
	"net/http"
	"regexp"
	"strings"
)

// ewsPath is Exchange Web Services, of which nothing is played but who may impersonate whom.
const ewsPath = "/EWS/Exchange.asmx"

// ewsPermissions open it as a whole: no call needs less.
var ewsPermissions = []string{"full_access_as_app", "EWS.AccessAsApp"}

// impersonated is the mailbox that an application names in the SOAP header (Microsoft Learn,
// Authenticate an EWS application by using OAuth).
var impersonated = regexp.MustCompile(`(?s)<t:ConnectingSID>\s*<t:(?:PrimarySmtpAddress|SmtpAddress|PrincipalName)>([^<]+)<`)

// serveEWS answers 200 with an empty success, or 403. The shape of the refusal is inferred.
func (t *Tenant) serveEWS(c *call) answer {
	found := impersonated.FindSubmatch(c.body)
	if found == nil || c.request.Method != http.MethodPost {
		return unknownAnswer(c, "only impersonation is played")
	}
	caller, refusal := t.authenticate(c, exchangeName)
	if refusal != "" {
		return unauthorized(kindData, refusal)
	}
	t.mutex.Lock()
	defer t.mutex.Unlock()
	target, is := t.state.dataMailbox(strings.TrimSpace(string(found[1])))
	if !is {
		return soapAnswer(http.StatusInternalServerError, "ErrorNonExistentMailbox")
	}
	if t.dataDenied(caller, exchangeName, ewsPermissions, target) != "" {
		return soapAnswer(http.StatusForbidden, "ErrorAccessDenied")
	}
	return soapAnswer(http.StatusOK, "NoError")
}

func soapAnswer(status int, code string) answer {
	made := plainAnswer(status, `<?xml version="1.0" encoding="utf-8"?><s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/">`+
		`<s:Body><m:ResponseCode xmlns:m="http://schemas.microsoft.com/exchange/services/2006/messages">`+code+`</m:ResponseCode></s:Body></s:Envelope>`)
	made.header.Set("Content-Type", "text/xml; charset=utf-8")
	return made
}

// CallEWS reads a mailbox by Exchange Web Services with this token, as an application would; the
// token is one for "exchange". It returns status 0 and the reason when no answer came.
func (t *Tenant) CallEWS(mailbox, token string) (int, string) {
	return t.ask(http.MethodPost, ewsPath, token, `<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/" `+
		`xmlns:t="http://schemas.microsoft.com/exchange/services/2006/types"><s:Header><t:ExchangeImpersonation><t:ConnectingSID><t:SmtpAddress>`+
		mailbox+`</t:SmtpAddress></t:ConnectingSID></t:ExchangeImpersonation></s:Header><s:Body/></s:Envelope>`)
}
