package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"

	"mailgrant/handler/simulator/tenant"

	"github.com/rogpeppe/go-internal/testscript"
)

// probeFolder is where the probe's source lies.
var probeFolder = filepath.Join("..", "scripts", "probe")

// probeProgram builds the probe once for all stories.
var probeProgram = sync.OnceValues(func() (string, error) {
	program := filepath.Join(bedFolder(), "probe")
	text, err := exec.Command("go", "build", "-race", "-o", program, "./"+filepath.ToSlash(probeFolder)).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("building the probe: %w: %s", err, text)
	}
	return program, nil
})

// The ways in which a workload of the sample signs in.
const (
	bySecret   = "secret"
	byIdentity = "identity"
	byShell    = "shell"
)

// probe EXIT WAY [ARGUMENT …] runs the probe for the grant $ID where the workload would,
// and checks its exit code: the program by the Newsletter's secret or as the managed
// identity of the Room Booking, or the shell variant with a token of the Newsletter's.
func cmdProbe(s *story, ts *testscript.TestScript, args []string) error {
	wanted, err := strconv.Atoi(args[0])
	if err != nil {
		return err
	}
	command, err := s.probe(ts, args[1], args[2:])
	if err != nil {
		return err
	}
	var said bytes.Buffer
	command.Stdout, command.Stderr = &said, &said
	err = command.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return err
	}
	ts.Logf("%s", said.String())
	_, _ = ts.Stdout().Write(said.Bytes())
	for _, secret := range []string{s.stack.Host.FunctionKey(), "eyJ", newsletterSecret} {
		if strings.Contains(said.String(), secret) {
			return errors.New("the probe prints what is secret")
		}
	}
	if command.ProcessState.ExitCode() != wanted {
		return fmt.Errorf("the probe ended with %d and not with %d", command.ProcessState.ExitCode(), wanted)
	}
	return nil
}

const (
	newsletterSecret = "newsletter-sample-secret"
	roomBookingAppID = "a0000000-0000-4000-8000-000000000003"
)

// probe is the process as it would be started where the workload lives.
func (s *story) probe(ts *testscript.TestScript, way string, arguments []string) (*exec.Cmd, error) {
	certificate := filepath.Join(s.folder, "tenant.pem")
	environment := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "TMPDIR=" + s.folder,
		"MAILGRANT_KEY=" + s.stack.Host.FunctionKey(), "GRAPH_ENDPOINT=" + s.stack.Tenant.URL(), "SSL_CERT_FILE=" + certificate, "CURL_CA_BUNDLE=" + certificate}
	if way == byShell {
		command := exec.Command("sh", append([]string{filepath.Join(probeFolder, "probe.sh"), s.stack.Host.URL(), ts.Getenv("ID")}, arguments...)...)
		command.Env = append(environment, "TOKEN="+s.stack.Tenant.Token(tenant.SampleNewsletterAppID, "graph"))
		return command, nil
	}
	program, err := probeProgram()
	if err != nil {
		return nil, err
	}
	command := exec.Command(program, append([]string{"-service", s.stack.Host.URL(), "-grant", ts.Getenv("ID")}, arguments...)...)
	switch way {
	case bySecret:
		command.Env = append(environment, "AZURE_AUTHORITY_HOST="+s.stack.Tenant.URL(), "AZURE_TENANT_ID="+s.stack.Tenant.TenantID(),
			"AZURE_CLIENT_ID="+tenant.SampleNewsletterAppID, "AZURE_CLIENT_SECRET="+newsletterSecret)
	case byIdentity:
		command.Env = append(environment, "IDENTITY_ENDPOINT="+s.stack.Tenant.IdentityURL(), "IDENTITY_HEADER="+s.stack.Tenant.IdentityHeader(),
			"AZURE_CLIENT_ID="+roomBookingAppID)
	default:
		return nil, fmt.Errorf("no workload signs in by %q", way)
	}
	return command, nil
}
