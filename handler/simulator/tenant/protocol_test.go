package tenant

import (
	"bufio"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"
)

// opens mints a token now and signs in with it.
func opens(to *Tenant, protocol, mailbox string) bool {
	is, _ := to.SignIn(protocol, mailbox, to.Token(SampleHelpdeskAppID, "exchange"))
	return is
}

func wantOpen(t *testing.T, to *Tenant, protocol, mailbox string, want bool) {
	t.Helper()
	is, said := to.SignIn(protocol, mailbox, to.Token(SampleHelpdeskAppID, "exchange"))
	if is != want {
		t.Errorf("at %s %s opens %s: %t (%s)", to.Now().Format(time.TimeOnly), protocol, mailbox, is, said)
	}
}

// helpdesk consents as the administrator; Helpdesk has a pointer already.
func helpdesk(do, permission string) Action {
	return Action{Do: do, Workload: SampleHelpdeskAppID, Resource: "exchange", Permission: permission}
}

func right(do, mailbox, right string) Action {
	return Action{Do: do, MailboxPermission: map[string]any{"mailbox": mailbox, "trustee": SampleHelpdeskAppID, "right": right}}
}

const (
	newsAddress = "news@contoso.example"
	ceoAddress  = "ceo@contoso.example"
)

func TestProtocolsTakeConsentPointerAndRight(t *testing.T) {
	t.Parallel()
	for _, each := range []struct {
		permission, right string
		opened            []string
	}{
		{"IMAP.AccessAsApp", "FullAccess", []string{ProtocolIMAP}},
		{"POP.AccessAsApp", "FullAccess", []string{ProtocolPOP}},
		{"SMTP.SendAsApp", "FullAccess", []string{ProtocolSMTP}},
		{"SMTP.SendAsApp", "SendAs", []string{ProtocolSMTP}},
		{"IMAP.AccessAsApp", "SendAs", nil},
		{"IMAP.AccessAsApp", "ReadPermission", nil},
	} {
		t.Run(each.permission+" "+each.right, func(t *testing.T) {
			t.Parallel()
			to := started(t, Options{})
			administer(t, to, helpdesk("addConsent", each.permission))
			wantOpen(t, to, ProtocolIMAP, newsAddress, false)
			administer(t, to, right("addMailboxPermission", newsAddress, each.right))
			to.Advance(permissionSpread)
			for _, protocol := range []string{ProtocolIMAP, ProtocolPOP, ProtocolSMTP} {
				wantOpen(t, to, protocol, newsAddress, strings.Contains(strings.Join(each.opened, " "), protocol))
				wantOpen(t, to, protocol, ceoAddress, false)
			}
			administer(t, to, helpdesk("removeConsent", each.permission))
			wantOpen(t, to, ProtocolIMAP, newsAddress, false)
			wantOpen(t, to, ProtocolSMTP, newsAddress, false)
		})
	}
}

func TestRightsReachProtocolsLateAndLeaveThemLate(t *testing.T) {
	t.Parallel()
	to := mighty(t)
	administer(t, to, helpdesk("addConsent", "IMAP.AccessAsApp"))
	full := parameters{"Identity": SampleNewsGUID, "User": SampleHelpdeskObjectID, "AccessRights": "FullAccess"}
	runFine(t, to, "Add-MailboxPermission", full)
	wantOpen(t, to, ProtocolIMAP, newsAddress, false)
	// What came and went before it was seen is never seen.
	administer(t, to, right("addMailboxPermission", ceoAddress, "FullAccess"), right("removeMailboxPermission", ceoAddress, "FullAccess"))
	wantOpen(t, to, ProtocolIMAP, ceoAddress, false)
	to.Advance(29 * time.Minute)
	wantOpen(t, to, ProtocolIMAP, newsAddress, false)
	to.Advance(2 * time.Minute)
	wantOpen(t, to, ProtocolIMAP, newsAddress, true)
	runFine(t, to, "Remove-MailboxPermission", full)
	if rows := runFine(t, to, "Get-MailboxPermission", parameters{"Identity": SampleNewsGUID}); len(rows) != 1 {
		t.Errorf("the list shows it still: %v", rows)
	}
	to.Advance(29 * time.Minute)
	wantOpen(t, to, ProtocolIMAP, newsAddress, true)
	runFine(t, to, "Add-MailboxPermission", full)
	to.Advance(2 * time.Minute)
	wantOpen(t, to, ProtocolIMAP, newsAddress, false)
	to.Advance(29 * time.Minute)
	wantOpen(t, to, ProtocolIMAP, newsAddress, true)
	runFine(t, to, "Remove-ServicePrincipal", parameters{"Identity": SampleHelpdeskAppID})
	wantOpen(t, to, ProtocolIMAP, newsAddress, false)
}

func TestProtocolsGoByTheTokenAsItWasMinted(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	before := to.Token(SampleHelpdeskAppID, "exchange")
	administer(t, to, helpdesk("addConsent", "POP.AccessAsApp"), right("addMailboxPermission", newsAddress, "FullAccess"))
	to.Advance(31 * time.Minute)
	with := to.Token(SampleHelpdeskAppID, "exchange")
	administer(t, to, helpdesk("removeConsent", "POP.AccessAsApp"))
	for token, want := range map[string]bool{before: false, with: true, to.Token(SampleHelpdeskAppID, "exchange"): false, to.Token(SampleHelpdeskAppID, "graph"): false, "x": false} {
		if is, said := to.SignIn(ProtocolPOP, newsAddress, token); is != want {
			t.Errorf("a token opens: %t (%s), want %t", is, said, want)
		}
	}
	to.Advance(time.Hour)
	if is, said := to.SignIn(ProtocolPOP, newsAddress, with); is {
		t.Errorf("an expired token opens: %s", said)
	}
}

func TestOldEntriesComeAliveWithALaterConsent(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	administer(t, to, right("addMailboxPermission", ceoAddress, "FullAccess"))
	to.Advance(48 * time.Hour)
	administer(t, to, helpdesk("addConsent", "IMAP.AccessAsApp"))
	wantOpen(t, to, ProtocolIMAP, ceoAddress, true)
}

func TestSMTPByScopedRoleStopsBesideAConsent(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	runFine(t, to, "New-ManagementScope", parameters{"Name": "news", "RecipientRestrictionFilter": "Guid -eq '" + SampleNewsGUID + "'"})
	runFine(t, to, "New-ManagementRoleAssignment", parameters{"Role": "Application SMTP.SendAsApp", "App": SampleHelpdeskAppID, "CustomResourceScope": "news"})
	to.Advance(29 * time.Minute)
	if to.Advance(2 * time.Minute); !opens(to, ProtocolSMTP, newsAddress) || opens(to, ProtocolSMTP, ceoAddress) || opens(to, ProtocolIMAP, newsAddress) {
		t.Error("the role opens SMTP in its scope, and nothing else")
	}
	administer(t, to, helpdesk("addConsent", "SMTP.SendAsApp"))
	wantOpen(t, to, ProtocolSMTP, newsAddress, false)
	administer(t, to, right("addMailboxPermission", newsAddress, "SendAs"))
	to.Advance(31 * time.Minute)
	wantOpen(t, to, ProtocolSMTP, newsAddress, true)
	if !to.Reaches(SampleHelpdeskAppID, "SMTP.SendAsApp", SampleNewsGUID) {
		t.Error("both ways count")
	}
}

func TestSwitchesCloseProtocols(t *testing.T) {
	t.Parallel()
	to := mighty(t)
	for _, permission := range []string{"IMAP.AccessAsApp", "POP.AccessAsApp", "SMTP.SendAsApp"} {
		administer(t, to, helpdesk("addConsent", permission))
	}
	administer(t, to, right("addMailboxPermission", newsAddress, "FullAccess"))
	to.Advance(permissionSpread)
	for _, each := range []struct {
		cmdlet string
		with   parameters
		open   string
	}{
		{"Set-CASMailbox", parameters{"Identity": newsAddress, "ImapEnabled": false}, "pop smtp"},
		{"Set-CASMailbox", parameters{"Identity": newsAddress, "ImapEnabled": true, "PopEnabled": false}, "imap smtp"},
		{"Set-TransportConfig", parameters{"SmtpClientAuthenticationDisabled": true}, "imap"},
		{"Set-CASMailbox", parameters{"Identity": newsAddress, "SmtpClientAuthenticationDisabled": false}, "imap smtp"},
		{"Set-CASMailbox", parameters{"Identity": newsAddress, "SmtpClientAuthenticationDisabled": nil}, "imap"},
		{"Set-TransportConfig", parameters{"SmtpClientAuthenticationDisabled": false}, "imap smtp"},
		{"Set-CASMailbox", parameters{"Identity": newsAddress, "SmtpClientAuthenticationDisabled": true}, "imap"},
	} {
		runFine(t, to, each.cmdlet, each.with)
		for _, protocol := range []string{ProtocolIMAP, ProtocolPOP, ProtocolSMTP} {
			if is, said := to.SignIn(protocol, newsAddress, to.Token(SampleHelpdeskAppID, "exchange")); is != strings.Contains(each.open, protocol) {
				t.Errorf("after %s %v %s opens: %t (%s)", each.cmdlet, each.with, protocol, is, said)
			}
		}
	}
	if _, said := to.SignIn(ProtocolSMTP, newsAddress, to.Token(SampleHelpdeskAppID, "exchange")); !strings.Contains(said, "5.7.139") {
		t.Errorf("a switch refuses with %s", said)
	}
}

// TestProtocolsAgreeWithReachOnceCachesAreSpent draws tenants without switches and without SMTP's role
// beside its consent, which reach does not look at.
func TestProtocolsAgreeWithReachOnceCachesAreSpent(t *testing.T) {
	t.Parallel()
	acts := map[string]string{ProtocolIMAP: ActReadBody, ProtocolSMTP: ActSend}
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, seed))
			text := strings.Replace(sampleText, `"role": "Application Mail.Read"`, `"role": "Application Calendars.Read"`, 1)
			to := started(t, Options{Seed: seed, Directory: strings.NewReader(text)})
			for _, action := range []Action{
				helpdesk("addConsent", "IMAP.AccessAsApp"), helpdesk("addConsent", "SMTP.SendAsApp"), right("addMailboxPermission", newsAddress, "FullAccess"),
				right("addMailboxPermission", ceoAddress, "SendAs"), right("addMailboxPermission", "cfo@contoso.example", "FullAccess"),
			} {
				if random.IntN(3) > 0 {
					administer(t, to, action)
				}
			}
			to.Advance(3 * time.Hour)
			reached := to.Reached()
			for _, mailbox := range []string{newsAddress, ceoAddress, "cfo@contoso.example", "alice@contoso.example"} {
				for protocol, act := range acts {
					wantOpen(t, to, protocol, mailbox, reached.Can(SampleHelpdeskAppID, act, mailbox))
				}
			}
		})
	}
}

// dialog sends lines and returns the last one of each answer.
func dialog(t *testing.T, to *Tenant, protocol string, lines ...string) []string {
	t.Helper()
	wire, err := net.Dial("tcp", to.MailAddress(protocol))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = wire.Close() }()
	if protocol != ProtocolSMTP {
		trust := to.trust()
		trust.ServerName = "127.0.0.1"
		wire = tls.Client(wire, trust)
	}
	read := bufio.NewReader(wire)
	_, err = read.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, line := range lines {
		_, err = fmt.Fprintf(wire, "%s\r\n", line)
		if err != nil {
			t.Fatal(err)
		}
		for {
			answer, err := read.ReadString('\n')
			if err != nil {
				t.Fatalf("after %q: %v", line, err)
			}
			answer = strings.TrimSpace(answer)
			if !strings.HasPrefix(answer, "* ") && !strings.HasPrefix(answer, "250-") {
				said = append(said, answer)
				break
			}
		}
	}
	return said
}

func TestProtocolsSpeakAsTheirStandardsSay(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	administer(t, to, helpdesk("addConsent", "IMAP.AccessAsApp"), helpdesk("addConsent", "POP.AccessAsApp"), right("addMailboxPermission", newsAddress, "FullAccess"))
	to.Advance(31 * time.Minute)
	signed := func(mailbox string) string {
		return base64.StdEncoding.EncodeToString([]byte(writeXOAUTH2(mailbox, to.Token(SampleHelpdeskAppID, "exchange"))))
	}
	for _, each := range []struct {
		protocol    string
		lines, want []string
	}{
		{ProtocolIMAP, []string{"a CAPABILITY", "b select inbox", "c AUTHENTICATE XOAUTH2", signed(newsAddress), "d SELECT INBOX", "e NOOP", "f LOGOUT"},
			[]string{"a OK", "b BAD", "+", "c OK", "d OK", "e OK", "f OK"}},
		{ProtocolIMAP, []string{"a AUTHENTICATE XOAUTH2 " + signed(ceoAddress), "b EXAMINE INBOX"}, []string{"a OK", "b BAD User is authenticated but not connected."}},
		{ProtocolIMAP, []string{"a AUTHENTICATE XOAUTH2 " + signed("nobody@contoso.example"), "b SELECT INBOX"}, []string{"a NO AUTHENTICATE failed.", "b BAD"}},
		{ProtocolPOP, []string{"STAT", "AUTH XOAUTH2", signed(newsAddress), "STAT", "NOOP", "QUIT"}, []string{"-ERR", "+", "+OK", "+OK 0 0", "+OK", "+OK"}},
		{ProtocolPOP, []string{"AUTH XOAUTH2 " + signed(ceoAddress), "STAT"}, []string{"-ERR Authentication failure", "-ERR"}},
		{ProtocolSMTP, []string{"EHLO x", "AUTH XOAUTH2 " + signed(newsAddress), "MAIL FROM:<news@contoso.example>", "RSET", "NOOP", "QUIT"},
			[]string{"250", "530 5.7.0", "530 5.7.57", "250", "250", "221"}},
	} {
		said := dialog(t, to, each.protocol, each.lines...)
		for index, want := range each.want {
			if !strings.HasPrefix(said[index], want) {
				t.Errorf("%s: %q is answered %q, want %q", each.protocol, strings.SplitN(each.lines[index], " XOAUTH2 ", 2)[0], said[index], want)
			}
		}
	}
	entries := map[string]bool{}
	for _, each := range to.Requests() {
		entries[fmt.Sprint(each.Kind, " ", each.Name, " ", each.Status)] = true
	}
	if !entries["data IMAP AUTH 200"] || !entries["data IMAP AUTH 403"] || !entries["data IMAP AUTH 401"] || !entries["data POP AUTH 200"] {
		t.Errorf("logged %v", entries)
	}
}

func TestUnknownCommandsOfProtocolsAreKept(t *testing.T) {
	t.Parallel()
	to, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = to.Close() }()
	dialog(t, to, ProtocolIMAP, "a LOGIN x y", "b AUTHENTICATE PLAIN")
	dialog(t, to, ProtocolPOP, "USER x")
	dialog(t, to, ProtocolSMTP, "VRFY x")
	if unknown := to.Unknown(); len(unknown) != 4 || unknown[0].Name != "IMAP LOGIN" {
		t.Errorf("kept %v", unknown)
	}
	if is, said := to.SignIn("nntp", newsAddress, "x"); is || said == "" {
		t.Error("an unknown protocol opens")
	}
}

func TestSendAsIsAskedForEachSender(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	administer(t, to, helpdesk("addConsent", "SMTP.SendAsApp"), right("addMailboxPermission", newsAddress, "SendAs"))
	to.Advance(31 * time.Minute)
	m := &mailConnection{tenant: to, protocol: ProtocolSMTP}
	client, server := net.Pipe()
	defer func() { _ = client.Close() }()
	m.use(server)
	m.caller = claims{ObjectID: SampleHelpdeskObjectID, Roles: []string{"SMTP.SendAsApp"}}
	go m.take(submission{from: ceoAddress})
	read := bufio.NewReader(client)
	_, _ = read.ReadString('\n')
	_, _ = client.Write([]byte("Hello\r\n.\r\n"))
	if said, _ := read.ReadString('\n'); !strings.HasPrefix(said, "554 5.2.252") {
		t.Errorf("another sender is answered %q", said)
	}
}

func TestCloseDoesNotWaitForASilentClient(t *testing.T) {
	t.Parallel()
	to, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatal(err)
	}
	wire, err := net.Dial("tcp", to.MailAddress(ProtocolSMTP))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = wire.Close() }()
	_, err = bufio.NewReader(wire).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	before := time.Now()
	err = to.Close()
	if err != nil || time.Since(before) > 4*time.Second {
		t.Errorf("closing took %s: %v", time.Since(before), err)
	}
}

func TestMailAddressesOverTheControlPort(t *testing.T) {
	t.Parallel()
	to := started(t, Options{})
	if _, text := control(t, to, "GET", "/mail", ""); !strings.Contains(text, `"imap":"`+to.MailAddress(ProtocolIMAP)+`"`) || strings.Count(text, "127.0.0.1:") != 3 {
		t.Errorf("got %s", text)
	}
}

func FuzzReadXOAUTH2(f *testing.F) {
	f.Add(base64.StdEncoding.EncodeToString([]byte(writeXOAUTH2("a@x", "token"))))
	f.Add("")
	f.Add("dXNlcj0BAQ==")
	f.Fuzz(func(t *testing.T, text string) {
		mailbox, token, is := readXOAUTH2(text)
		if !is {
			return
		}
		again, second, fine := readXOAUTH2(base64.StdEncoding.EncodeToString([]byte(writeXOAUTH2(mailbox, token))))
		if mailbox == "" || token == "" || !fine || again != mailbox || second != token {
			t.Errorf("%q reads as %q and %q, and back as %q and %q", text, mailbox, token, again, second)
		}
	})
}
