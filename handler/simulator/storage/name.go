package storage

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// call is what one request asks of the storage service, read from the outside.
type call struct {
	service string
	// subject is the table, queue or container.
	subject string
	action  string
	write   bool
	// message is the id of the queue message the call is about, if any.
	message string
}

// name returns the call in the form "table ledger batch" or "queue apply put".
func (c call) name() string {
	words := []string{c.service}
	for _, word := range []string{c.subject, c.action} {
		if word != "" {
			words = append(words, word)
		}
	}
	return strings.Join(words, " ")
}

// describe reads a request of one service. The body is looked at only where
// the address does not say which table is meant.
func describe(service string, r *http.Request, body []byte) call {
	path, err := url.PathUnescape(pathOf(r.RequestURI))
	if err != nil {
		path = r.URL.Path
	}
	// The first segment is the account.
	_, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	var described call
	switch service {
	case serviceTable:
		described = describeTable(r, rest, body)
	case serviceQueue:
		described = describeQueue(r, rest)
	default:
		container, _, _ := strings.Cut(rest, "/")
		described = call{subject: container, action: strings.ToLower(r.Method)}
	}
	described.service = service
	described.write = r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodOptions
	return described
}

// pathOf returns the path of a request line's target without its query.
func pathOf(target string) string {
	path, _, _ := strings.Cut(target, "?")
	return path
}

var (
	batchTarget = regexp.MustCompile(`(?m)^(?:GET|POST|PUT|PATCH|MERGE|DELETE) (\S+) HTTP/1\.1`)
	tableNamed  = regexp.MustCompile(`"TableName"\s*:\s*"([^"]*)"`)
)

func describeTable(r *http.Request, rest string, body []byte) call {
	subject, key, keyed := strings.Cut(rest, "(")
	key = strings.TrimSuffix(key, ")")
	switch {
	case subject == "$batch":
		return call{subject: batchTable(body), action: "batch"}
	case subject == "Tables" && keyed && key != "":
		return call{subject: strings.Trim(key, "'"), action: tableActions[r.Method]}
	case subject == "Tables" && r.Method == http.MethodPost:
		return call{subject: firstMatch(tableNamed, body), action: "create"}
	case subject == "Tables":
		return call{action: "list"}
	case r.Method == http.MethodGet && key != "":
		return call{subject: subject, action: "get"}
	case r.Method == http.MethodGet:
		return call{subject: subject, action: "query"}
	case r.Method == http.MethodPut || r.Method == http.MethodPatch || r.Method == "MERGE":
		return call{subject: subject, action: rowWrite(r)}
	}
	return call{subject: subject, action: tableActions[r.Method]}
}

var tableActions = map[string]string{
	http.MethodGet: "get", http.MethodPost: "insert", http.MethodDelete: "delete",
}

// rowWrite tells an update of a row that was read (If-Match) from one that
// takes what comes.
func rowWrite(r *http.Request) string {
	if r.Header.Get("If-Match") != "" {
		return "update"
	}
	return "upsert"
}

// batchTable returns the table of a batch's first operation; a batch has one
// table only.
func batchTable(body []byte) string {
	target, err := url.Parse(firstMatch(batchTarget, body))
	if err != nil {
		return ""
	}
	path, _, _ := strings.Cut(target.Path, "(")
	table := path[strings.LastIndex(path, "/")+1:]
	return table
}

func firstMatch(pattern *regexp.Regexp, body []byte) string {
	match := pattern.FindSubmatch(body)
	if match == nil {
		return ""
	}
	return string(match[1])
}

func describeQueue(r *http.Request, rest string) call {
	segments := strings.Split(strings.Trim(rest, "/"), "/")
	described := call{subject: segments[0]}
	if len(segments) > 2 {
		described.message = segments[2]
	}
	onMessages := len(segments) > 1 && segments[1] == "messages"
	switch {
	case onMessages && r.Method == http.MethodGet && r.URL.Query().Get("peekonly") == "true":
		described.action = "peek"
	case onMessages && r.Method == http.MethodGet:
		described.action = "get"
	case onMessages && r.Method == http.MethodPost:
		described.action = "put"
	case onMessages && r.Method == http.MethodPut:
		described.action = "update"
	case onMessages && described.message == "" && r.Method == http.MethodDelete:
		described.action = "clear"
	case r.Method == http.MethodDelete:
		described.action = "delete"
	case r.Method == http.MethodPut:
		described.action = "create"
	default:
		described.action = "properties"
	}
	return described
}
