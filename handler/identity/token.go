package identity

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"
)

// Token is what an access token says of its holder. Nobody here has checked its signature:
// it is the service's own, and is read to be shown and never to decide about access.
type Token struct {
	// AppID and ObjectID are those of the holder; empty when the token does not say.
	AppID, ObjectID string
	// Roles are the app roles that were in force when the token was minted; nil for none.
	Roles []string
	// IssuedAt and ExpiresAt are in UTC; zero when the token does not say.
	IssuedAt, ExpiresAt time.Time
}

// ReadToken takes an access token of Entra ID apart (Microsoft Learn, Access token claims
// reference). The error says what is wrong with its shape and holds nothing of the token.
func ReadToken(text string) (Token, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return Token{}, errors.New("the token is not made of three parts")
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return Token{}, errors.New("the token's claims are not base64")
	}
	var claims struct {
		AppID    string   `json:"appid"`
		Client   string   `json:"azp"`
		ObjectID string   `json:"oid"`
		Roles    []string `json:"roles"`
		IssuedAt float64  `json:"iat"`
		Expires  float64  `json:"exp"`
	}
	err = json.Unmarshal(payload, &claims)
	if err != nil {
		// Its text would quote a claim.
		return Token{}, errors.New("the token's claims are not what was expected")
	}
	token := Token{AppID: strings.ToLower(claims.AppID), ObjectID: strings.ToLower(claims.ObjectID), Roles: claims.Roles}
	if token.AppID == "" {
		token.AppID = strings.ToLower(claims.Client)
	}
	token.IssuedAt, err = moment(claims.IssuedAt)
	if err != nil {
		return Token{}, fmt.Errorf("the token's iat: %w", err)
	}
	token.ExpiresAt, err = moment(claims.Expires)
	if err != nil {
		return Token{}, fmt.Errorf("the token's exp: %w", err)
	}
	return token, nil
}

// latest is the last second that can be written with four digits of year.
const latest = 253402300799

func moment(seconds float64) (time.Time, error) {
	if seconds < 0 || seconds > latest {
		return time.Time{}, errors.New("no time of this age")
	}
	if seconds == 0 {
		return time.Time{}, nil
	}
	return time.Unix(int64(seconds), 0).UTC(), nil
}
