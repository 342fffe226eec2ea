package tenant

// talkPOP plays the little of POP3 (RFC 1939) that opens a mailbox. That an application without a
// right on the mailbox is refused like one without a consent is inferred.
func (m *mailConnection) talkPOP() {
	m.say("+OK The Microsoft Exchange POP3 service is ready.")
	for {
		line, is := m.hear()
		if !is {
			return
		}
		verb, rest := splitCommand(line)
		switch verb {
		case "CAPA":
			m.say("+OK\r\nSASL XOAUTH2\r\nUIDL\r\n.")
		case "NOOP":
			m.say("+OK")
		case "AUTH":
			m.authenticatePOP(rest)
		case "STAT":
			m.statPOP()
		case "QUIT":
			m.say("+OK Microsoft Exchange Server POP3 server signing off.")
			return
		default:
			m.unknown(verb)
			m.say("-ERR Protocol error.")
		}
	}
}

func (m *mailConnection) authenticatePOP(rest string) {
	m.signIn(rest, "+ ")
	if m.entry != entryOpen {
		m.say("-ERR Authentication failure: unknown user name or bad password.")
		return
	}
	m.say("+OK User successfully authenticated.")
}

func (m *mailConnection) statPOP() {
	if m.entry != entryOpen || m.enter(m.named) != entryOpen {
		m.say("-ERR Command is not valid in this state.")
		return
	}
	m.say("+OK 0 0")
}
