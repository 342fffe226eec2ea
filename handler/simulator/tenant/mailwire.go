package tenant

import (
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strings"
	"time"
)

// longestSilence ends a connection whose client went away.
const longestSilence = 30 * time.Second

// mailConnection is one client of IMAP, POP or SMTP. Only the part is played that shows whether a
// mailbox opens: mailboxes are empty, and mail that is sent goes nowhere.
type mailConnection struct {
	tenant   *Tenant
	protocol string
	wire     net.Conn
	text     *textproto.Conn
	// caller, named and entry are those of the last sign-in; entry is entryRefused before it.
	caller claims
	named  string
	entry  entry
	// secured is false on SMTP until the client asks for encryption.
	secured bool
}

// mailDialogs are the servers; each returns when the client is done or gone.
var mailDialogs = map[string]func(*mailConnection){
	ProtocolIMAP: (*mailConnection).talkIMAP, ProtocolPOP: (*mailConnection).talkPOP, ProtocolSMTP: (*mailConnection).talkSMTP,
}

// talk serves one connection. IMAP and POP are encrypted from the first byte, SMTP on request.
func (t *Tenant) talk(protocol string, wire net.Conn) {
	m := &mailConnection{tenant: t, protocol: protocol}
	m.use(wire)
	if protocol != ProtocolSMTP {
		m.secure()
	}
	mailDialogs[protocol](m)
}

// use bounds what a client may send over the whole connection.
func (m *mailConnection) use(wire net.Conn) {
	m.wire = wire
	m.text = textproto.NewConn(struct {
		io.Reader
		io.WriteCloser
	}{io.LimitReader(wire, longestBody), wire})
}

func (m *mailConnection) secure() {
	m.use(tls.Server(m.wire, m.tenant.serverTLS()))
	m.secured = true
}

// say ignores a client that went away: the next hear tells.
func (m *mailConnection) say(format string, arguments ...any) {
	_ = m.text.PrintfLine(format, arguments...)
}

// hear returns the next line; false when there is none.
func (m *mailConnection) hear() (string, bool) {
	err := m.wire.SetDeadline(time.Now().Add(longestSilence))
	if err != nil {
		return "", false
	}
	line, err := m.text.ReadLine()
	return line, err == nil
}

// splitCommand splits a line into an upper-case verb and the rest.
func splitCommand(line string) (string, string) {
	verb, rest, _ := strings.Cut(line, " ")
	return strings.ToUpper(verb), strings.TrimSpace(rest)
}

// signIn runs the exchange behind AUTH and AUTHENTICATE: rest is the mechanism, with the client's
// response or without, for which prompt then asks.
func (m *mailConnection) signIn(rest, prompt string) {
	mechanism, response, _ := strings.Cut(rest, " ")
	m.entry = entryRefused
	if !strings.EqualFold(mechanism, "XOAUTH2") {
		m.unknown("AUTH " + mechanism)
		return
	}
	if response == "" {
		m.say("%s", prompt)
		response, _ = m.hear()
	}
	number := m.tenant.journal.open(kindData, strings.ToUpper(m.protocol)+" AUTH", false, m.tenant.clock.wall())
	mailbox, token, is := readXOAUTH2(response)
	if is {
		m.named = mailbox
		m.entry = m.judge(mailbox, token)
	}
	m.tenant.journal.close(number, entryStatuses[m.entry], m.tenant.clock.wall())
}

var entryStatuses = map[entry]int{
	entryRefused: http.StatusUnauthorized, entryUnconnected: http.StatusForbidden, entryOpen: http.StatusOK,
}

func (m *mailConnection) judge(mailbox, token string) entry {
	t := m.tenant
	caller, refusal := t.readToken(token, exchangeName)
	if refusal != "" {
		return entryRefused
	}
	m.caller = caller
	return m.enter(mailbox)
}

// enter judges anew, for a sign-in and for what follows it.
func (m *mailConnection) enter(mailbox string) entry {
	t := m.tenant
	t.settle()
	t.mutex.Lock()
	defer t.mutex.Unlock()
	target, found := t.state.dataMailbox(mailbox)
	if !found {
		return entryRefused
	}
	return t.enter(m.protocol, m.caller, target)
}

// unknown keeps what is not played in the list of unknown requests, where a test fails on it.
func (m *mailConnection) unknown(what string) {
	now := m.tenant.clock.wall()
	number := m.tenant.journal.open(kindUnknown, fmt.Sprintf("%s %s", strings.ToUpper(m.protocol), what), false, now)
	m.tenant.journal.close(number, statusUnknown, now)
}
