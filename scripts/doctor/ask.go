package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// diagnosis is what the command reads of the answer.
type diagnosis struct {
	Status       string    `json:"status"`
	At           time.Time `json:"at"`
	Installation string    `json:"installation"`
	Findings     []finding `json:"findings"`
	NotLookedAt  []string  `json:"notLookedAt"`
}

type finding struct {
	Check  string `json:"check"`
	Code   string `json:"code"`
	Status string `json:"status"`
	What   string `json:"what"`
	Why    string `json:"why"`
	Mend   string `json:"mend"`
}

const (
	// longestWait is more than the service takes, with a start from sleep.
	longestWait = 2 * time.Minute
	longestBody = 4 << 20
)

// ask gets the diagnosis. The key goes to that address alone: redirects are not followed,
// and a connection that anybody on the way can read is used on this machine only.
func ask(ctx context.Context, base, key string) (diagnosis, error) {
	address, err := url.Parse(base)
	if err != nil || address.Host == "" {
		return diagnosis{}, fmt.Errorf("%q is no address such as https://app.azurewebsites.net", base)
	}
	local := address.Hostname() == "127.0.0.1" || address.Hostname() == "localhost"
	if address.Scheme != "https" && !(address.Scheme == "http" && local) {
		return diagnosis{}, fmt.Errorf("%s: the key is sent over https only", address.Redacted())
	}
	if key == "" {
		return diagnosis{}, errors.New("MAILGRANT_KEY is empty: az functionapp keys list --name <app> --resource-group <group> --query functionKeys")
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address.JoinPath("api", "doctor").String(), nil)
	if err != nil {
		return diagnosis{}, fmt.Errorf("making the call: %w", err)
	}
	request.Header.Set("x-functions-key", key)
	client := &http.Client{Timeout: longestWait, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(request)
	if err != nil {
		return diagnosis{}, fmt.Errorf("asking: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, longestBody))
	if err != nil {
		return diagnosis{}, fmt.Errorf("reading the answer: %w", err)
	}
	return read(response.StatusCode, body)
}

func read(status int, body []byte) (diagnosis, error) {
	switch status {
	case http.StatusOK:
	case http.StatusUnauthorized:
		return diagnosis{}, errors.New("401: the function key is not one of this app's")
	default:
		return diagnosis{}, fmt.Errorf("%d: %s", status, oneLine(string(body), 400))
	}
	var found diagnosis
	err := json.Unmarshal(body, &found)
	if err != nil || len(found.Findings) == 0 {
		return diagnosis{}, fmt.Errorf("the answer is no diagnosis: %s", oneLine(string(body), 400))
	}
	return found, nil
}

// oneLine makes text fit for a terminal: no control characters, and not too long.
func oneLine(text string, longest int) string {
	text = strings.Map(func(letter rune) rune {
		if letter < ' ' || letter == 0x7f {
			return ' '
		}
		return letter
	}, text)
	if letters := []rune(text); len(letters) > longest {
		text = string(letters[:longest]) + " …"
	}
	return strings.TrimSpace(text)
}
