package main

import (
	"fmt"
	"net/url"
	"strings"

	"mailgrant/handler/grant"
	"mailgrant/scripts/session"
)

// example is one command for a shell, and the HTTP status that it ends with.
type example struct {
	title   string
	status  int
	command string
}

// key makes the example's request one delivery, however often it is sent. The grant's
// id follows from it, which is how commands can name a grant that is not there yet.
const key = "RITM0012345"

// examples are the whole life of a grant as commands, in order; where the directory
// has nobody to play it, only those that need nobody.
func examples(running *session.Session, cast cast) []example {
	service := commands{base: running.Host.URL(), key: running.Host.FunctionKey(), control: running.Tenant.ControlURL()}
	general := []example{
		{"is it well", 200, "curl -si " + service.base + "/api/health"},
		{"list all grants", 200, service.get("/api/grants")},
		{"what the tenant holds", 200, "curl -si " + service.control + "/dump"},
	}
	if cast.appID == "" {
		return append(general, service.clock("move the clock two hours on", "2h"))
	}
	as := application{base: running.Tenant.URL(), certificate: running.Certificate(), cast: cast}
	path := "/api/grants/" + grant.NewID("ops", key)
	return append(general,
		example{"ask for a grant: Mail.Send on " + cast.mailbox, 202, service.request(cast)},
		example{"show it; repeat this until it is active", 200, service.get(path)},
		service.clock("until the access is effective, move the clock past two hours", "2h5m"),
		example{"send as the application, from the granted mailbox", 202, as.send(cast.mailbox)},
		example{"send as the application, from another", 403, as.send(cast.other)},
		example{"as an administrator, consent to Mail.Send for the whole organization", 200, service.administer("addConsent", cast)},
		example{"send as the application, from another, with a new token", 202, as.send(cast.other)},
		example{"prove every grant anew", 202, service.post("/api/run/retest", "")},
		example{"show it; the condition Confined names the consent", 200, service.get(path)},
		example{"as an administrator, take the consent back", 200, service.administer("removeConsent", cast)},
		example{"end the grant", 202, service.post(path+"/revoke", `{"by":"alice","reason":"no longer needed"}`)},
		example{"show it; repeat this until it is revoked", 200, service.get(path)},
		service.clock("until the access is gone, move the clock past two hours", "2h5m"),
		example{"send as the application, from the mailbox that was granted", 403, as.send(cast.mailbox)},
		example{"its history", 200, service.get(path + "/history")},
		example{"every change that the tenant saw", 200, "curl -si " + service.control + "/changes"})
}

// commands writes calls to the service and to the tenant's control port.
type commands struct{ base, key, control string }

func (c commands) get(path string) string {
	return fmt.Sprintf("curl -si -H 'x-functions-key: %s' %s%s", c.key, c.base, path)
}

func (c commands) post(path, body string) string {
	command := fmt.Sprintf("curl -si -X POST -H 'x-functions-key: %s' %s%s", c.key, c.base, path)
	if body == "" {
		return command
	}
	return fmt.Sprintf("%s -H 'Content-Type: application/json' -d %s", command, quoted(body))
}

func (c commands) request(cast cast) string {
	body := fmt.Sprintf(`{"workload":{"appId":%q},"permissions":["Mail.Send"],"scope":{"mailboxes":[%q]},"duration":"P30D",`+
		`"ticket":{"system":"servicenow","id":%q}}`, cast.appID, cast.mailbox, key)
	return c.post("/api/requests/ops", body) + fmt.Sprintf(" -H 'Prefer: wait=30' -H 'Idempotency-Key: %s'", key)
}

func (c commands) clock(title, by string) example {
	return example{title, 200, fmt.Sprintf(`curl -si -X POST %s/clock -d '{"advance":"%s"}'`, c.control, by)}
}

func (c commands) administer(action string, cast cast) string {
	return fmt.Sprintf(`curl -si -X POST %s/administrator -d '{"do":%q,"workload":%q,"resource":"graph","permission":"Mail.Send"}'`,
		c.control, action, cast.appID)
}

// quoted is a text as one word of a shell: addresses and secrets may hold quotes.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }

// application writes calls that the granted application makes.
type application struct {
	base, certificate string
	cast              cast
}

// send signs in and sends, in one command: a token from before would keep its roles.
func (a application) send(mailbox string) string {
	token := fmt.Sprintf(`$(curl -s --cacert %s %s/%s/oauth2/v2.0/token -d grant_type=client_credentials -d client_id=%s --data-urlencode %s `+
		`-d scope=https://graph.microsoft.com/.default | sed 's/.*"access_token":"\([^"]*\)".*/\1/')`,
		a.certificate, a.base, a.cast.tenantID, a.cast.appID, quoted("client_secret="+a.cast.secret))
	message := `{"message":{"subject":"Hello","body":{"content":"Hello"},"toRecipients":[{"emailAddress":{"address":"somebody@example.com"}}]}}`
	return fmt.Sprintf(`curl -si --cacert %s %s -H "Authorization: Bearer %s" -H 'Content-Type: application/json' -d '%s'`,
		a.certificate, quoted(a.base+"/v1.0/users/"+url.PathEscape(mailbox)+"/sendMail"), token, message)
}
