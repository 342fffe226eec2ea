package storage

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// bodyLimit is above the largest request of any storage service used here (a
// batch of 4 MiB).
const bodyLimit = 16 << 20

// door is one listening address of a wire.
type door struct {
	wire    *Wire
	service string
	// scheme and host are the emulator's for this service.
	scheme, host string
	counted      bool
}

func newDoor(wire *Wire, service, target string, counted bool) (*door, error) {
	address, err := url.Parse(target)
	if err != nil {
		return nil, err
	}
	return &door{wire: wire, service: service, scheme: address.Scheme, host: address.Host, counted: counted}, nil
}

// ServeHTTP passes one request on. A request is read whole before anything is
// decided, so that a spoiled request was always sent completely.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, bodyLimit))
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if d.scheme == "https" {
		body = d.withAccount(r, body)
	}
	asked := describe(d.service, r, body)
	if !d.counted {
		reply, err := d.pass(r, asked, body)
		answer(w, reply, err)
		return
	}
	entry := d.wire.record.begin(asked)
	status := 0
	defer func() { d.wire.record.finish(entry, status) }()
	reply, err := d.spoil(r, asked, body)
	if err == nil {
		status = reply.status
	}
	answer(w, reply, err)
}

// withAccount puts the account first in the path of a request, and of those inside a batch,
// where the emulator wants it and Azure has it in the host. It returns the body to send on.
func (d *door) withAccount(r *http.Request, body []byte) []byte {
	account := "/" + d.wire.account.Name
	r.RequestURI = account + r.RequestURI
	if d.service != serviceTable || !strings.HasSuffix(pathOf(r.RequestURI), "/$batch") {
		return body
	}
	origin := "https://" + r.Host
	return bytes.ReplaceAll(body, []byte(" "+origin+"/"), []byte(" "+origin+account+"/"))
}

// spoil passes a request on as far as the armed faults and the hook allow.
func (d *door) spoil(r *http.Request, asked call, body []byte) (*reply, error) {
	write := d.wire.hook.before(asked)
	if write.dropped {
		return nil, errCut
	}
	fault, armed := d.wire.faults.take(asked)
	if armed {
		switch fault.Name {
		case FaultDown, FaultLostBefore:
			return nil, errCut
		case FaultUnavailable:
			return busy(d.service), nil
		case FaultForbidden:
			return forbidden(d.service), nil
		case FaultUnconditional:
			withoutCondition(r)
		case FaultLatency:
			d.wire.faults.wait(r.Context(), fault)
		}
	}
	passed, err := d.pass(r, asked, body)
	if err != nil {
		return nil, err
	}
	d.wire.hook.after(write, passed.status)
	if write.dropped || (armed && fault.Name == FaultLostAfter) {
		return nil, errCut
	}
	return passed, nil
}

// withoutCondition leaves an update an update: one without If-Match would also insert. The
// header is no part of what a request's signature covers (Azure Storage REST reference,
// Authorize with Shared Key, Table service).
func withoutCondition(r *http.Request) {
	if r.Header.Get("If-Match") != "" {
		r.Header.Set("If-Match", "*")
	}
}

// pass sends a request to the emulator and reads the whole answer.
func (d *door) pass(r *http.Request, asked call, body []byte) (*reply, error) {
	looks := d.service == serviceQueue && asked.subject != ""
	if looks && (asked.action == "get" || asked.action == "peek") {
		d.wire.messages.release(r.Context(), asked.subject)
	}
	began := time.Now()
	got, err := d.forward(r, body)
	if err != nil {
		return nil, err
	}
	if looks {
		d.wire.messages.note(exchange{asked: asked, request: r, sent: body, reply: got, began: began})
	}
	if d.wire.messages.now != nil {
		// The emulator tells the machine's time, and the program under test goes by the shared clock.
		got.header.Set("Date", d.wire.messages.now().UTC().Format(http.TimeFormat))
	}
	return got, nil
}

// forward keeps the request line's bytes: the signature covers path and query
// as they were written, not as a library would write them again.
func (d *door) forward(r *http.Request, body []byte) (*reply, error) {
	// The effect must not depend on whether the sender still lives, so the
	// sender's context ends here.
	out := &http.Request{
		Method:        r.Method,
		URL:           &url.URL{Scheme: d.scheme, Host: d.host, Opaque: pathOf(r.RequestURI), RawQuery: r.URL.RawQuery},
		Host:          r.Host,
		Header:        r.Header.Clone(),
		Body:          io.NopCloser(bytes.NewReader(body)),
		ContentLength: int64(len(body)),
	}
	if len(body) == 0 {
		out.Body = http.NoBody
	}
	out.Header.Del("Connection")
	response, err := d.wire.transport.RoundTrip(out)
	if err != nil {
		return nil, err
	}
	content, err := io.ReadAll(response.Body)
	err = errors.Join(err, response.Body.Close())
	if err != nil {
		return nil, err
	}
	return &reply{status: response.StatusCode, header: response.Header, body: content}, nil
}

// reply is a complete answer.
type reply struct {
	status int
	header http.Header
	body   []byte
}

// errCut means that the sender shall see its connection closed without an
// answer.
var errCut = errors.New("connection cut")

// answer writes a reply, or closes the connection when there is none: a proxy
// that answered 502 would be a fault no real service makes.
func answer(w http.ResponseWriter, got *reply, err error) {
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	for name, values := range got.header {
		w.Header()[name] = values
	}
	w.Header().Del("Transfer-Encoding")
	w.Header().Del("Connection")
	w.Header().Del("Keep-Alive")
	w.WriteHeader(got.status)
	_, _ = w.Write(got.body)
}
