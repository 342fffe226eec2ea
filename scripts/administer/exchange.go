package administer

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Row is one object of a cmdlet's answer.
type Row map[string]any

// Text is a property as text; empty when it is absent, null or composite.
func (r Row) Text(name string) string {
	switch value := r[name].(type) {
	case string:
		return value
	case bool:
		return fmt.Sprint(value)
	}
	return ""
}

// Texts is a list of texts; a single one counts as a list.
func (r Row) Texts(name string) []string {
	list, is := r[name].([]any)
	if !is {
		list = []any{r[name]}
	}
	var texts []string
	for _, each := range list {
		text, is := each.(string)
		if is && text != "" {
			texts = append(texts, text)
		}
	}
	return texts
}

// Run runs a cmdlet and returns its rows: none for one without output. One that reads is sent again
// while the service asks for patience; one that changes something is sent once. A list that has
// further pages is an error, because nothing that is asked for here is that long.
func (t *Tenant) Run(ctx context.Context, cmdlet string, parameters map[string]any) ([]Row, error) {
	wanted, err := t.Command(ctx, cmdlet, parameters)
	if err != nil {
		return nil, err
	}
	send := t.Send
	if strings.HasPrefix(cmdlet, "Get-") || strings.HasPrefix(cmdlet, "Test-") {
		send = t.read
	}
	got, err := send(ctx, wanted)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cmdlet, err)
	}
	err = refusalOf(cmdlet, got)
	if err != nil {
		return nil, err
	}
	return rowsOf(cmdlet, got)
}

func rowsOf(cmdlet string, got Reply) ([]Row, error) {
	if len(got.Body) == 0 {
		return nil, nil
	}
	var whole struct {
		Value  []Row    `json:"value"`
		Next   string   `json:"@odata.nextLink"`
		Errors []string `json:"@adminapi.errors"`
	}
	err := json.Unmarshal(got.Body, &whole)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: reading the answer: %w", cmdlet, err)
	case len(whole.Errors) > 0:
		return nil, &Refusal{Attempted: cmdlet, Status: got.Status, Message: strings.Join(whole.Errors, "; "), RequestID: got.Header.Get("request-id")}
	case whole.Next != "":
		return nil, fmt.Errorf("%s: the list is longer than one page", cmdlet)
	}
	return whole.Value, nil
}

// Find runs a cmdlet that reads one object by its identity. False means that the tenant says that it
// is absent. The row answers to the identity by one of the named properties: some cmdlets return every
// object for an identity that they do not know.
func (t *Tenant) Find(ctx context.Context, cmdlet, identity string, by ...string) (Row, bool, error) {
	rows, err := t.Run(ctx, cmdlet, map[string]any{"Identity": identity})
	if NotFound(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	for _, row := range rows {
		if slices.ContainsFunc(by, func(name string) bool { return strings.EqualFold(row.Text(name), identity) }) {
			return row, true, nil
		}
	}
	return nil, false, fmt.Errorf("%s %s: none of %d objects is the one that was asked for", cmdlet, identity, len(rows))
}

// Command is the request of a cmdlet. Calls of an application are anchored at a system mailbox that
// every organization has, those of a person at his own name (both seen in public clients).
func (t *Tenant) Command(ctx context.Context, cmdlet string, parameters map[string]any) (Request, error) {
	if parameters == nil {
		parameters = map[string]any{}
	}
	text, err := t.token(ctx, Exchange)
	if err != nil {
		return Request{}, err
	}
	anchor := "APP:SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}@" + t.options.Tenant
	if name := personOf(text); name != "" {
		anchor = "UPN:" + name
	}
	return Request{
		Method: http.MethodPost, Path: "/adminapi/beta/" + t.options.Tenant + "/InvokeCommand", To: Exchange,
		Header: http.Header{"X-Anchormailbox": {anchor}, "X-Cmdletname": {cmdlet}, "Accept-Language": {"en-US"}, "Prefer": {"odata.maxpagesize=1000"}},
		Body:   map[string]any{"CmdletInput": map[string]any{"CmdletName": cmdlet, "Parameters": parameters}},
	}, nil
}

// personOf is the sign-in name in a person's token; empty for an application's.
func personOf(token string) string {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return ""
	}
	payload, err := base64.RawURLEncoding.DecodeString(strings.TrimRight(parts[1], "="))
	if err != nil {
		return ""
	}
	var claims struct {
		UPN string `json:"upn"`
	}
	err = json.Unmarshal(payload, &claims)
	if err != nil {
		return ""
	}
	return claims.UPN
}
