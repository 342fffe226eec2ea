package tenant

import "strings"

// talkIMAP plays the little of IMAP (RFC 3501) that opens a mailbox. An application without a right on
// the mailbox signs in all the same and is turned away at the first command, as operators report.
func (m *mailConnection) talkIMAP() {
	m.say("* OK The Microsoft Exchange IMAP4 service is ready.")
	for {
		line, is := m.hear()
		if !is {
			return
		}
		tag, rest, _ := strings.Cut(line, " ")
		verb, rest := splitCommand(rest)
		switch verb {
		case "CAPABILITY":
			m.say("* CAPABILITY IMAP4 IMAP4rev1 AUTH=XOAUTH2 SASL-IR UIDPLUS")
			m.say("%s OK CAPABILITY completed.", tag)
		case "NOOP":
			m.say("%s OK NOOP completed.", tag)
		case "AUTHENTICATE":
			m.authenticateIMAP(tag, rest)
		case "SELECT", "EXAMINE":
			m.selectIMAP(tag, verb)
		case "LOGOUT":
			m.say("* BYE Microsoft Exchange Server IMAP4 server signing off.")
			m.say("%s OK LOGOUT completed.", tag)
			return
		default:
			m.unknown(verb)
			m.say("%s BAD Command Error.", tag)
		}
	}
}

func (m *mailConnection) authenticateIMAP(tag, rest string) {
	m.signIn(rest, "+ ")
	if m.entry == entryRefused {
		m.say("%s NO AUTHENTICATE failed.", tag)
		return
	}
	m.say("%s OK AUTHENTICATE completed.", tag)
}

// selectIMAP judges by what stands at this moment, and not at the sign-in.
func (m *mailConnection) selectIMAP(tag, verb string) {
	switch {
	case m.entry == entryRefused:
		m.say("%s BAD Command received in Invalid state.", tag)
	case m.enter(m.named) != entryOpen:
		m.say("%s BAD User is authenticated but not connected.", tag)
	default:
		m.say("* 0 EXISTS")
		m.say("* 0 RECENT")
		m.say("%s OK [READ-WRITE] %s completed.", tag, verb)
	}
}
