package docs

import (
	"context"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"mailgrant/scripts/session"
)

// served is the address that the README's commands call: that of make run.
const served = "http://127.0.0.1:7071"

var (
	blocks   = regexp.MustCompile("(?ms)^```sh\n(.*?)^```$")
	promised = regexp.MustCompile(`(?m) # (\d{3})$`)
	answered = regexp.MustCompile(`(?m)^HTTP/[0-9.]+ (\d{3})`)
)

// TestReadmeCommands runs every block of the README that is marked as shell, in
// order and literally, but for the address. What make starts is tested where it is
// written (scripts/demo, scripts/run), so those lines are left out here.
func TestReadmeCommands(t *testing.T) {
	t.Parallel()
	_, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not on this machine, so the README's commands cannot be tried")
	}
	var commands []string
	for _, block := range blocks.FindAllStringSubmatch(read(t, "README.md"), -1) {
		if !strings.HasPrefix(block[1], "make ") {
			commands = append(commands, block[1])
		}
	}
	if len(commands) < 3 {
		t.Fatalf("only %d blocks of commands were found", len(commands))
	}
	running := start(t)
	for _, block := range commands {
		try(t, running, block)
	}
}

func start(t *testing.T) *session.Session {
	t.Helper()
	folder, err := session.Assemble(t.Context(), root, t.TempDir(), true)
	if err != nil {
		t.Fatal(err)
	}
	running, err := session.Start(t.Context(), session.Options{Root: root, Package: folder})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		err := running.Close()
		if err != nil {
			t.Error(err)
		}
	})
	return running
}

// try runs one block, compares the statuses with those that it promises, and waits
// until what it began is done.
func try(t *testing.T, running *session.Session, block string) {
	t.Helper()
	// A status can only be seen with the headers, which some examples leave out.
	script := strings.ReplaceAll(strings.ReplaceAll(block, served, running.Host.URL()), "curl -s ", "curl -si ")
	command := exec.CommandContext(t.Context(), "sh", "-c", script)
	command.Env = append(os.Environ(), "KEY="+running.Host.FunctionKey())
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s\n%s", err, block, out)
	}
	wanted, got := numbers(promised, block), numbers(answered, string(out))
	if len(wanted) == 0 || !slices.Equal(wanted, got) {
		t.Errorf("promised are %v, answered were %v\n%s\n%s", wanted, got, block, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	err = running.Settle(ctx)
	if err != nil {
		t.Error(err)
	}
}

func numbers(pattern *regexp.Regexp, text string) []string {
	var found []string
	for _, match := range pattern.FindAllStringSubmatch(text, -1) {
		found = append(found, match[1])
	}
	return found
}
