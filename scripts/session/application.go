package session

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Application is a workload as its owner runs it: it signs in with its secret and
// calls Microsoft Graph. It knows nothing of the service that granted its access.
type Application struct {
	base, tenant    string
	appID, password string
	http            *http.Client
}

// Application signs in to this session's tenant, whose certificate it trusts and no
// other.
func (s *Session) Application(appID, secret string) Application {
	transport := s.Tenant.Transport()
	transport.DisableKeepAlives = true
	return Application{base: s.Tenant.URL(), tenant: s.Tenant.TenantID(), appID: appID, password: secret,
		http: &http.Client{Timeout: longestCall, Transport: transport}}
}

// Token is an access token and the app roles that it carries; Roles is empty where no
// consent was given.
type Token struct {
	Text  string
	Roles []string
}

// Token gets a new token for Graph by the client-credentials flow.
func (a Application) Token(ctx context.Context) (Token, error) {
	form := url.Values{"client_id": {a.appID}, "client_secret": {a.password}, "grant_type": {"client_credentials"},
		"scope": {"https://graph.microsoft.com/.default"}}
	address := a.base + "/" + a.tenant + "/oauth2/v2.0/token"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return Token{}, fmt.Errorf("making the sign-in of the application: %w", err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	answer, err := send(a.http, request)
	if err != nil {
		return Token{}, err
	}
	var issued struct {
		AccessToken string `json:"access_token"`
	}
	err = answer.Read(&issued)
	if err != nil || issued.AccessToken == "" {
		return Token{}, errors.Join(fmt.Errorf("the application could not sign in: %s", answer), err)
	}
	roles, err := rolesOf(issued.AccessToken)
	return Token{Text: issued.AccessToken, Roles: roles}, err
}

func rolesOf(token string) ([]string, error) {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return nil, errors.New("the token is not made of three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return nil, fmt.Errorf("reading the token: %w", err)
	}
	var claims struct {
		Roles []string `json:"roles"`
	}
	err = json.Unmarshal(payload, &claims)
	if err != nil {
		return nil, fmt.Errorf("reading the token: %w", err)
	}
	return claims.Roles, nil
}

// message is the shortest body that the real sendMail takes as well.
const message = `{"message":{"subject":"Hello","body":{"contentType":"Text","content":"Hello"},` +
	`"toRecipients":[{"emailAddress":{"address":"alice@contoso.example"}}]}}`

// SendMail sends a message from a mailbox, named by its id or address.
func (a Application) SendMail(ctx context.Context, token Token, mailbox string) (Answer, error) {
	address := a.base + "/v1.0/users/" + url.PathEscape(mailbox) + "/sendMail"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(message))
	if err != nil {
		return Answer{}, fmt.Errorf("making the call of the application: %w", err)
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+token.Text)
	return send(a.http, request)
}
