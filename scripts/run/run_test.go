package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"mailgrant/handler/simulator/tenant"
	"mailgrant/scripts/session"
)

// printed finds an example as a person would: its title, its status, its command.
var printed = regexp.MustCompile(`(?m)^# (.*): (\d+)\n(curl .*)$`)

// status finds the status lines that curl prints.
var status = regexp.MustCompile(`(?m)^HTTP/[0-9.]+ (\d+)`)

// TestPrintedCommandsWork runs every printed command literally, in order.
func TestPrintedCommandsWork(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not on this machine, so what is printed for it cannot be tried")
	}
	text, end := started(t)
	examples := printed.FindAllStringSubmatch(text, -1)
	if len(examples) < 15 {
		t.Fatalf("only %d commands were found in:\n%s", len(examples), text)
	}
	for _, example := range examples {
		try(t, example[1], example[2], example[3])
	}
	rest := end()
	if !strings.Contains(rest, "Nothing is left running.") {
		t.Errorf("it ended with %q", rest)
	}
}

// try runs one command, and again where its title says so.
func try(t *testing.T, title, wanted, command string) {
	t.Helper()
	_, state, repeated := strings.Cut(title, "repeat this until it is ")
	limit := time.Now().Add(time.Minute)
	for {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", command).CombinedOutput()
		found := status.FindAllSubmatch(out, -1)
		if err != nil || len(found) == 0 || string(found[len(found)-1][1]) != wanted {
			t.Fatalf("%s: wanted %s: %v\n%s\n%s", title, wanted, err, command, out)
		}
		names := !strings.Contains(title, "names the consent") || bytes.Contains(out, []byte("the consent to Mail.Send"))
		if names && (!repeated || bytes.Contains(out, []byte(`"state":"`+state+`"`))) {
			return
		}
		if time.Now().After(limit) || (!repeated && !strings.HasPrefix(title, "show it")) {
			t.Fatalf("%s: not seen in\n%s", title, out)
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// started runs the stack on a free port and returns what it printed, and a function
// that ends it as Ctrl-C does and returns what it printed then.
func started(t *testing.T) (string, func() string) {
	t.Helper()
	options, cast, err := read("0", "")
	if err != nil {
		t.Fatal(err)
	}
	options.Root, err = session.Root()
	if err != nil {
		t.Fatal(err)
	}
	options.Package, err = session.Assemble(t.Context(), options.Root, t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	t.Cleanup(cancel)
	reader, writer := io.Pipe()
	go func() { writer.CloseWithError(keep(ctx, writer, options, cast)) }()
	lines := bufio.NewReader(reader)
	var text strings.Builder
	for !strings.Contains(text.String(), "Ctrl-C ends it") {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("%v after:\n%s", err, text.String())
		}
		text.WriteString(line)
	}
	return text.String(), func() string {
		cancel()
		rest, err := io.ReadAll(lines)
		if err != nil {
			t.Error(err)
		}
		return string(rest)
	}
}

func TestSettings(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(folder, name)
		err := os.WriteFile(path, []byte(text), 0o600)
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	sample := tenant.SampleDirectory()
	for _, test := range []struct {
		name, port, directory, fault string
	}{
		{"usual", "0", "", ""},
		{"another directory", "0", write("same.json", sample), ""},
		{"no number", "http", "", "PORT"},
		{"no port", "70000", "", "PORT"},
		{"no file", "0", filepath.Join(folder, "none.json"), "TENANT"},
		{"no JSON", "0", write("none.json.txt", "hello"), "JSON"},
		{"another service", "0", write("other.json", strings.ReplaceAll(sample, tenant.SampleServiceAppID, tenant.SampleArchiveAppID)), "service.appId"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, _, err := read(test.port, test.directory)
			if (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestPortInUse(t *testing.T) {
	t.Parallel()
	listener := listen(t)
	_, _, err := read(strconv.Itoa(listener), "")
	if err == nil || !strings.Contains(err.Error(), "PORT=") {
		t.Errorf("got %v", err)
	}
}

// TestCast: whoever has access already could not show what a grant changes.
func TestCast(t *testing.T) {
	t.Parallel()
	chosen, err := choose([]byte(tenant.SampleDirectory()))
	if err != nil || chosen.appID != tenant.SampleNewsletterAppID || chosen.mailbox == chosen.other || chosen.canary == chosen.other {
		t.Errorf("got %+v, %v", chosen, err)
	}
	without := strings.ReplaceAll(tenant.SampleDirectory(), tenant.SampleNewsletterSecret, "")
	chosen, err = choose([]byte(without))
	if err != nil || chosen.appID != "" {
		t.Errorf("Archive and Helpdesk have access: got %+v, %v", chosen, err)
	}
}

// TestQuoted: what a shell makes of the word is the text again.
func TestQuoted(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"plain", "o'brien@contoso.example", "''", `a "b" $(c) \`} {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", "printf %s "+quoted(text)).Output()
		if err != nil || string(out) != text {
			t.Errorf("%q became %q, %v", text, out, err)
		}
	}
}

// listen takes a port until the test ends.
func listen(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().(*net.TCPAddr).Port
}
