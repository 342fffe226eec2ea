package tenant

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

// storageName is the resource of storage accounts. It knows no app roles: what a token of it
// may do is the account's own affair.
const storageName = "storage"

// How long tokens live. Microsoft Learn, Configurable token lifetimes: about an hour for
// applications; managed identities' tokens are cached for up to 24 hours.
const (
	applicationTokenLife = time.Hour
	identityTokenLife    = 24 * time.Hour
	serviceTokenLife     = 26 * time.Hour
)

// audiences are the resources that tokens are made for, by the short name used everywhere here.
var audiences = map[string][]string{
	// Microsoft Learn, Authorize access to blobs and queues with Microsoft Entra ID: one
	// audience for every storage account.
	storageName:  {"https://storage.azure.com"},
	graphName:    {"https://graph.microsoft.com", graphAppID},
	exchangeName: {"https://outlook.office365.com", "https://outlook.office.com", exchangeAppID},
}

// claims is the part of an access token that the tenant reads back.
type claims struct {
	Audience string   `json:"aud"`
	Issuer   string   `json:"iss"`
	AppID    string   `json:"appid"`
	ObjectID string   `json:"oid"`
	Subject  string   `json:"sub"`
	TenantID string   `json:"tid"`
	Version  string   `json:"ver"`
	Roles    []string `json:"roles,omitempty"`
	// DirectoryRoles are template ids.
	DirectoryRoles []string `json:"wids,omitempty"`
	IssuedAt       int64    `json:"iat"`
	NotBefore      int64    `json:"nbf"`
	Expires        int64    `json:"exp"`
}

// resourceOf turns a scope, a resource address or a short name into the short name; empty when the
// tenant has no such resource.
func resourceOf(name string) string {
	name = strings.TrimSuffix(strings.TrimSuffix(name, "/.default"), "/")
	for short, addresses := range audiences {
		if name == short {
			return short
		}
		for _, address := range addresses {
			if strings.EqualFold(name, address) {
				return short
			}
		}
	}
	return ""
}

// mint makes a token with the app roles that the principal holds at this moment. The service's own
// tokens live on the machine's time, because its client library refreshes them by that; those of
// workloads live on the shared clock. It needs the lock.
func (t *Tenant) mint(holder principal, resource string) (string, claims) {
	issued, life := t.clock.now(), applicationTokenLife
	if holder.Type == typeManagedIdentity {
		life = identityTokenLife
	}
	if t.isService(holder.ObjectID) {
		issued, life = t.clock.wall(), serviceTokenLife
	}
	made := claims{
		Audience: audiences[resource][0], Issuer: "https://sts.windows.net/" + t.organization.ID + "/",
		AppID: holder.AppID, ObjectID: holder.ObjectID, Subject: holder.ObjectID,
		TenantID: t.organization.ID, Version: "1.0",
		IssuedAt: issued.Unix(), NotBefore: issued.Unix(), Expires: issued.Add(life).Unix(),
	}
	for _, held := range t.state.consentsOf(holder.ObjectID) {
		if held.Resource == resource {
			made.Roles = append(made.Roles, held.Permission)
		}
	}
	made.DirectoryRoles = t.state.directoryRolesOf(holder.ObjectID)
	return t.sign(made), made
}

// isService compares object ids, which unlike names never move.
func (t *Tenant) isService(objectID string) bool {
	return strings.EqualFold(objectID, t.service.ObjectID)
}

// sign uses a symmetric key: clients read tokens, but only this tenant has to trust them.
func (t *Tenant) sign(payload claims) string {
	encoded, err := json.Marshal(payload)
	if err != nil {
		// Strings and numbers only.
		panic(err)
	}
	text := encodePart([]byte(`{"typ":"JWT","alg":"HS256","kid":"simulated"}`)) + "." + encodePart(encoded)
	return text + "." + encodePart(t.signature(text))
}

func encodePart(part []byte) string { return base64.RawURLEncoding.EncodeToString(part) }

func (t *Tenant) signature(text string) []byte {
	mac := hmac.New(sha256.New, t.signingKey)
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// authenticate returns why not when a call has no good token for the resource.
func (t *Tenant) authenticate(c *call, resource string) (claims, string) {
	token, is := strings.CutPrefix(c.request.Header.Get("Authorization"), "Bearer ")
	if !is {
		return claims{}, "Access token is empty."
	}
	return t.readToken(token, resource)
}

// readToken returns why not for a token that is not good for the resource now.
func (t *Tenant) readToken(token, resource string) (claims, string) {
	text, signature, _ := cutLast(token, ".")
	given, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil || !hmac.Equal(given, t.signature(text)) {
		return claims{}, "Signature validation failed."
	}
	_, payload, _ := strings.Cut(text, ".")
	decoded, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return claims{}, "The token cannot be read."
	}
	var found claims
	err = json.Unmarshal(decoded, &found)
	if err != nil {
		return claims{}, "The token cannot be read."
	}
	if resourceOf(found.Audience) != resource {
		return claims{}, "Access token validation failure. Invalid audience."
	}
	now := t.clock.now()
	if t.isService(found.ObjectID) {
		now = t.clock.wall()
	}
	if now.Unix() >= found.Expires {
		return claims{}, "Lifetime validation failed, the token is expired."
	}
	return found, ""
}

func cutLast(text, separator string) (string, string, bool) {
	at := strings.LastIndex(text, separator)
	if at < 0 {
		return text, "", false
	}
	return text[:at], text[at+len(separator):], true
}
