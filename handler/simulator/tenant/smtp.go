package tenant

import (
	"regexp"
)

var (
	mailFrom = regexp.MustCompile(`(?i)^FROM:\s*<([^>]*)>`)
	rcptTo   = regexp.MustCompile(`(?i)^TO:\s*<([^>]+)>`)
)

// submission is the message in hand.
type submission struct {
	from      string
	addressed bool
}

// talkSMTP plays message submission (RFC 6409) with encryption on request, as the port 587 of the
// original does.
func (m *mailConnection) talkSMTP() {
	m.say("220 simulated.outlook.example Microsoft ESMTP MAIL Service ready")
	var message submission
	for {
		line, is := m.hear()
		if !is {
			return
		}
		verb, rest := splitCommand(line)
		switch verb {
		case "EHLO", "HELO":
			m.greetSMTP()
		case "STARTTLS":
			m.say("220 2.0.0 SMTP server ready")
			m.secure()
		case "AUTH":
			m.authenticateSMTP(rest)
		case "NOOP":
			m.say("250 2.0.0 OK")
		case "RSET":
			message = submission{}
			m.say("250 2.0.0 Resetting")
		case "MAIL", "RCPT", "DATA":
			message = m.submit(message, verb, rest)
		case "QUIT":
			m.say("221 2.0.0 Service closing transmission channel")
			return
		case "*":
			// Some clients end a sign-in that way although it has been refused already.
			m.say("500 5.3.3 Unrecognized command")
		default:
			m.unknown(verb)
			m.say("500 5.3.3 Unrecognized command")
		}
	}
}

func (m *mailConnection) greetSMTP() {
	if m.secured {
		m.say("250-simulated.outlook.example\r\n250-AUTH XOAUTH2\r\n250 SMTPUTF8")
		return
	}
	m.say("250-simulated.outlook.example\r\n250-STARTTLS\r\n250 SMTPUTF8")
}

func (m *mailConnection) authenticateSMTP(rest string) {
	if !m.secured {
		m.say("530 5.7.0 Must issue a STARTTLS command first")
		return
	}
	m.signIn(rest, "334 ")
	switch {
	case m.entry == entryOpen:
		m.say("235 2.7.0 Authentication successful")
	case m.switchedOff():
		m.say("535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant or the Mailbox.")
	default:
		m.say("535 5.7.3 Authentication unsuccessful")
	}
}

func (m *mailConnection) switchedOff() bool {
	t := m.tenant
	t.mutex.Lock()
	defer t.mutex.Unlock()
	target, found := t.state.dataMailbox(m.named)
	return found && t.state.switchedOff(m.protocol, target)
}

// submit goes one command further with a message, in the order that SMTP asks for.
func (m *mailConnection) submit(message submission, verb, rest string) submission {
	from, to := mailFrom.FindStringSubmatch(rest), rcptTo.FindStringSubmatch(rest)
	switch {
	case m.entry != entryOpen:
		m.say("530 5.7.57 Client not authenticated to send mail.")
	case verb == "MAIL" && from != nil:
		message = submission{from: from[1]}
		m.say("250 2.1.0 Sender OK")
	case verb == "RCPT" && to != nil && message.from != "":
		message.addressed = true
		m.say("250 2.1.5 Recipient OK")
	case verb == "DATA" && message.addressed:
		m.take(message)
		message = submission{}
	default:
		m.say("503 5.5.2 Bad sequence of commands or bad arguments")
	}
	return message
}

// take judges the sender like a sign-in to that mailbox, which is inferred for a sender other than the
// one that signed in.
func (m *mailConnection) take(message submission) {
	m.say("354 Start mail input; end with <CRLF>.<CRLF>")
	_, err := m.text.ReadDotBytes()
	if err != nil {
		return
	}
	if m.enter(message.from) != entryOpen {
		m.say("554 5.2.252 SendAsDenied; the application is not allowed to send as %s", message.from)
		return
	}
	m.say("250 2.0.0 OK")
}
