package tenant

import (
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/smtp"
	"net/textproto"
	"strings"
	"time"
)

// SignIn opens a mailbox by a protocol (Protocol…) with this token, as an application would; the token
// is one for "exchange". IMAP selects the inbox, POP asks how much is in it, and SMTP sends a message
// from the mailbox to itself. It returns whether all of that was let through, and the server's last
// word, or the reason why there was none.
func (t *Tenant) SignIn(protocol, mailbox, token string) (bool, string) {
	address := t.MailAddress(protocol)
	if address == "" {
		return false, "there is no protocol " + protocol
	}
	wire, err := net.DialTimeout("tcp", address, longestCall)
	if err != nil {
		return false, fmt.Sprintf("call the tenant: %v", err)
	}
	defer func() { _ = wire.Close() }()
	err = wire.SetDeadline(time.Now().Add(longestCall))
	if err != nil {
		return false, fmt.Sprintf("call the tenant: %v", err)
	}
	trust := t.trust()
	trust.ServerName = "127.0.0.1"
	if protocol == ProtocolSMTP {
		return sendBySMTP(wire, trust, mailbox, token)
	}
	response := base64.StdEncoding.EncodeToString([]byte(writeXOAUTH2(mailbox, token)))
	lines := []string{"AUTH XOAUTH2 " + response, "STAT"}
	if protocol == ProtocolIMAP {
		lines = []string{"1 AUTHENTICATE XOAUTH2 " + response, "2 SELECT INBOX"}
	}
	return askInTurn(textproto.NewConn(tls.Client(wire, trust)), lines)
}

// MailAddress is where a protocol (Protocol…) is served, as host and port; empty for any other name.
func (t *Tenant) MailAddress(protocol string) string {
	listener := t.servers.mail[protocol]
	if listener == nil {
		return ""
	}
	return listener.Addr().String()
}

// askInTurn sends each line once the one before it was granted. Answers of IMAP begin with the tag of
// the line; what begins otherwise goes before the answer.
func askInTurn(server *textproto.Conn, lines []string) (bool, string) {
	answer, err := server.ReadLine()
	if err != nil {
		return false, fmt.Sprintf("read the greeting: %v", err)
	}
	for _, line := range lines {
		err = server.PrintfLine("%s", line)
		if err != nil {
			return false, fmt.Sprintf("call the tenant: %v", err)
		}
		answer, err = server.ReadLine()
		for err == nil && strings.HasPrefix(answer, "* ") {
			answer, err = server.ReadLine()
		}
		if err != nil {
			return false, fmt.Sprintf("read the answer: %v", err)
		}
		if !strings.HasPrefix(answer, "+OK") && !strings.HasPrefix(answer, line[:1]+" OK") {
			return false, answer
		}
	}
	return true, answer
}

// bearer is SASL XOAUTH2 for the standard library's client.
type bearer struct{ mailbox, token string }

// Start sends everything at once.
func (b bearer) Start(*smtp.ServerInfo) (string, []byte, error) {
	return "XOAUTH2", []byte(writeXOAUTH2(b.mailbox, b.token)), nil
}

// Next has nothing to add.
func (b bearer) Next(_ []byte, more bool) ([]byte, error) {
	if more {
		return nil, errors.New("the server asks for more than a token")
	}
	return nil, nil
}

func sendBySMTP(wire net.Conn, trust *tls.Config, mailbox, token string) (bool, string) {
	client, err := smtp.NewClient(wire, trust.ServerName)
	if err != nil {
		return false, fmt.Sprintf("read the greeting: %v", err)
	}
	for _, step := range []func() error{
		func() error { return client.StartTLS(trust) },
		func() error { return client.Auth(bearer{mailbox, token}) },
		func() error { return client.Mail(mailbox) },
		func() error { return client.Rcpt(mailbox) },
		func() error { return writeMessage(client) },
	} {
		err = step()
		if err != nil {
			return false, err.Error()
		}
	}
	return true, "250 2.0.0 OK"
}

func writeMessage(client *smtp.Client) error {
	body, err := client.Data()
	if err != nil {
		return fmt.Errorf("begin the message: %w", err)
	}
	_, err = body.Write([]byte("Subject: Hello\r\n\r\nHello\r\n"))
	if err != nil {
		return fmt.Errorf("write the message: %w", err)
	}
	return body.Close()
}
