package tenant

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
)

const (
	kindGraph    = "graph"
	kindExchange = "exchange"
	kindToken    = "token"
	kindData     = "data"
	kindUnknown  = "unknown"
	// statusUnknown marks what the tenant does not play; a test fails when there is one.
	statusUnknown = http.StatusNotImplemented
	// longestBody is far above what the played calls send.
	longestBody = 1 << 20
)

// call is one request in hand.
type call struct {
	kind string
	// name is the cmdlet for Exchange, else the method and path.
	name  string
	write bool
	// subject is what a write is about, for the write hook.
	subject    string
	request    *http.Request
	body       []byte
	command    command
	conditions conditions
	caller     claims
	// warnings stand in the answer of a cmdlet that succeeded.
	warnings []string
}

// command is the body of InvokeCommand.
type command struct {
	name       string
	parameters map[string]any
	fault      error
}

// newCall also reads the body, because the cmdlet stands there.
func newCall(r *http.Request) *call {
	made := &call{request: r, kind: kindOf(r.URL.Path), name: r.Method + " " + r.URL.Path}
	var err error
	made.body, err = io.ReadAll(io.LimitReader(r.Body, longestBody))
	if err != nil {
		made.command.fault = fmt.Errorf("read the body: %w", err)
		return made
	}
	switch {
	case strings.HasSuffix(r.URL.Path, "/InvokeCommand"):
		made.readCommand()
	case made.kind == kindGraph:
		made.write = r.Method != http.MethodGet
		made.subject = "Graph " + made.name
	}
	return made
}

// kindOf decides by the path alone, so that a request is logged under a kind before it is understood.
func kindOf(path string) string {
	switch {
	case strings.HasPrefix(path, "/adminapi/"):
		return kindExchange
	case path == ewsPath, strings.HasPrefix(path, "/v1.0/users/") && strings.Contains(strings.TrimPrefix(path, "/v1.0/users/"), "/"):
		return kindData
	case strings.HasPrefix(path, "/v1.0/"):
		return kindGraph
	case path == identityPath, path == discoveryPath, strings.Contains(path, "/v2.0"):
		return kindToken
	}
	return kindUnknown
}

// readCommand keeps a fault for later: a broken body is logged and can be throttled like any other.
// A null Parameters is another request than an empty object, and is refused.
func (c *call) readCommand() {
	var envelope struct {
		CmdletInput *struct {
			CmdletName string
			Parameters map[string]any
		}
	}
	c.command.fault = json.Unmarshal(c.body, &envelope)
	if c.command.fault == nil && (envelope.CmdletInput == nil || envelope.CmdletInput.CmdletName == "") {
		c.command.fault = fmt.Errorf("the body names no cmdlet")
	}
	if c.command.fault == nil && envelope.CmdletInput.Parameters == nil {
		c.command.fault = fmt.Errorf("the body has no Parameters object")
	}
	if envelope.CmdletInput == nil || envelope.CmdletInput.CmdletName == "" {
		return
	}
	c.command.name = envelope.CmdletInput.CmdletName
	c.command.parameters = envelope.CmdletInput.Parameters
	c.name = c.command.name
	if known, is := cmdletByName(c.command.name); is {
		c.name = known.name
	}
	c.write = isWriteVerb(c.command.name)
	c.subject = "Exchange " + c.name
	for _, name := range []string{"Name", "Identity", "ObjectId", "App", "AppId"} {
		if value, is := c.command.parameters[name].(string); is {
			c.subject += " " + value
			return
		}
	}
}

// isWriteVerb goes by the verb alone, so that cmdlets that are not played count as writes, too.
func isWriteVerb(cmdlet string) bool {
	verb, _, _ := strings.Cut(strings.ToLower(cmdlet), "-")
	switch verb {
	case "new", "set", "add", "remove", "enable":
		return true
	}
	return false
}

// query reads a system option, with or without its dollar sign percent-encoded: both decode alike.
func (c *call) query(name string) string { return c.request.URL.Query().Get(name) }

func (c *call) queryValues() url.Values { return c.request.URL.Query() }

// origin is how the client reached the tenant, which links in answers have to repeat.
func (c *call) origin() string { return "https://" + c.request.Host }

// answer is a reply that has been decided but not sent, so that a fault can still take it away.
type answer struct {
	status int
	header http.Header
	body   []byte
	// lost closes the connection without a byte.
	lost bool
}

// jsonAnswer does not escape <, > and &, which Microsoft's encoders leave as they are.
func jsonAnswer(status int, value any) answer {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(value)
	if err != nil {
		return plainAnswer(http.StatusInternalServerError, "encode the answer: "+err.Error())
	}
	return answer{
		status: status,
		header: http.Header{"Content-Type": {"application/json; odata.metadata=minimal; charset=utf-8"}},
		body:   text.Bytes(),
	}
}

func plainAnswer(status int, text string) answer {
	return answer{status: status, header: http.Header{"Content-Type": {"text/plain; charset=utf-8"}}, body: []byte(text)}
}

func emptyAnswer(status int) answer {
	return answer{status: status, header: http.Header{}}
}

func lostAnswer() answer { return answer{lost: true} }

// unknownAnswer says what was asked, so that the person who reads the list need not look further.
func unknownAnswer(c *call, why string) answer {
	return plainAnswer(statusUnknown, fmt.Sprintf("the simulated tenant does not play %s: %s\n", c.name, why))
}

// nulAnswer is the refusal that Exchange sends to who may not run a cmdlet: NUL bytes labelled gzip.
func nulAnswer() answer {
	return answer{
		status: http.StatusForbidden,
		header: http.Header{"Content-Type": {"application/json"}, "Content-Encoding": {"gzip"}},
		body:   make([]byte, 4096),
	}
}

func (a answer) send(w http.ResponseWriter, requestID string) {
	if a.lost {
		panic(http.ErrAbortHandler)
	}
	for name, values := range a.header {
		w.Header()[name] = values
	}
	// Bodies are made before the request has its id, which Graph repeats in them.
	a.body = bytes.ReplaceAll(a.body, []byte(refusalID), []byte(requestID))
	w.Header().Set("request-id", requestID)
	w.WriteHeader(a.status)
	// The client may have gone; there is nobody to tell.
	_, _ = w.Write(a.body)
}
