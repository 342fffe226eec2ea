package main

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"mailgrant/handler/grant"
	"mailgrant/handler/policy"
)

// deploymentName is under which the resource group remembers the outputs.
const deploymentName = "mailgrant"

// outputs are what the steps after the infrastructure need of it.
type outputs struct {
	AppName     output `json:"appName"`
	HostName    output `json:"hostName"`
	PrincipalID output `json:"principalId"`
}

type output struct {
	Value string `json:"value"`
}

// shown stands in the commands of a dry run for what is not known before.
func shown() outputs {
	return outputs{AppName: output{"<appName>"}, HostName: output{"<hostName>"}, PrincipalID: output{"<principalId>"}}
}

// readRights reads from the operator's document what the identity needs, and refuses a faulty one
// before anything is made.
func readRights(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("reading the operator's document: %w", err)
	}
	document, faults := policy.Parse(text)
	if len(faults) > 0 {
		var said []string
		for _, each := range faults {
			said = append(said, fmt.Sprint(each))
		}
		return nil, fmt.Errorf("the operator's document %s is faulty: %s", file, strings.Join(said, "; "))
	}
	var mechanisms []string
	for _, each := range document.Mechanisms {
		mechanisms = append(mechanisms, string(each))
	}
	by := grant.Person
	if document.ConsentBy == grant.Service {
		by = grant.Service
	}
	return []string{"-mechanisms", strings.Join(mechanisms, ","), "-consent-by", string(by)}, nil
}

// published is the package with the operator's document, which is no part of what is built.
func (d *deployment) published() string { return filepath.Join("build", "deploy.zip") }

func (d *deployment) pack(ctx context.Context) error {
	err := d.do(ctx, command{"go", "run", "./scripts/package"})
	if err != nil {
		return err
	}
	if d.options.dryRun {
		fmt.Fprintf(d.out, "# %s: build/mailgrant.zip with %s as mailgrant.yaml\n", d.published(), d.options.document)
		return nil
	}
	return addDocument(filepath.Join(d.root, "build", "mailgrant.zip"), filepath.Join(d.root, d.published()), d.options.document)
}

// addDocument copies every entry as it is, with its mode, and adds the document.
func addDocument(from, to, document string) error {
	text, err := os.ReadFile(document)
	if err != nil {
		return fmt.Errorf("reading the operator's document: %w", err)
	}
	source, err := zip.OpenReader(from)
	if err != nil {
		return fmt.Errorf("opening the package: %w", err)
	}
	defer source.Close()
	out, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("making the package: %w", err)
	}
	defer out.Close()
	archive := zip.NewWriter(out)
	for _, entry := range source.File {
		err := archive.Copy(entry)
		if err != nil {
			return fmt.Errorf("copying %s into the package: %w", entry.Name, err)
		}
	}
	header := &zip.FileHeader{Name: "mailgrant.yaml", Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	const readable = 0o644
	header.SetMode(readable)
	entry, err := archive.CreateHeader(header)
	if err != nil {
		return fmt.Errorf("adding the operator's document: %w", err)
	}
	_, err = entry.Write(text)
	if err != nil {
		return fmt.Errorf("adding the operator's document: %w", err)
	}
	err = archive.Close()
	if err != nil {
		return fmt.Errorf("closing the package: %w", err)
	}
	return out.Close()
}

func (d *deployment) infrastructure(ctx context.Context) error {
	// Flex Consumption runs on this provider; registering twice is harmless.
	err := d.do(ctx, command{"az", "provider", "register", "--namespace", "Microsoft.App", "--wait"})
	if err != nil {
		return err
	}
	printed, err := d.output(ctx, command{"az", "deployment", "group", "create", "--resource-group", d.options.group, "--name", deploymentName,
		"--template-file", filepath.Join("infra", "main.bicep"), "--parameters", "@" + d.parameters(),
		"--query", "properties.outputs", "--output", "json"})
	if err != nil {
		return fmt.Errorf("%w; az deployment operation group list --resource-group %s --name %s says what failed", err, d.options.group, deploymentName)
	}
	return d.remember(printed)
}

// parameters is the file by its full path, because az runs in the repository's folder.
func (d *deployment) parameters() string {
	full, err := filepath.Abs(d.options.parameters)
	if err != nil || d.options.dryRun {
		return d.options.parameters
	}
	return full
}

// outputs asks for what an earlier run has made, where this one began later.
func (d *deployment) outputs(ctx context.Context) error {
	if d.made.AppName.Value != "" {
		return nil
	}
	printed, err := d.output(ctx, command{"az", "deployment", "group", "show", "--resource-group", d.options.group, "--name", deploymentName,
		"--query", "properties.outputs", "--output", "json"})
	if err != nil {
		return err
	}
	return d.remember(printed)
}

func (d *deployment) remember(printed string) error {
	if d.options.dryRun {
		d.made = shown()
		return nil
	}
	err := json.Unmarshal([]byte(printed), &d.made)
	if err != nil {
		return fmt.Errorf("reading the outputs of the deployment: %w", err)
	}
	if d.made.AppName.Value == "" || d.made.HostName.Value == "" || d.made.PrincipalID.Value == "" {
		return errors.New("the deployment has not all of its outputs: appName, hostName, principalId")
	}
	return nil
}

// bootstrap needs an administrator of the tenant, who is often somebody else.
func (d *deployment) bootstrap(ctx context.Context) error {
	err := d.outputs(ctx)
	if err != nil {
		return err
	}
	// The tenant of the subscription that is deployed to, whichever one the sign-in was made for.
	tenant, err := d.output(ctx, command{"az", "account", "show", "--query", "tenantId", "--output", "tsv"})
	if err != nil {
		return err
	}
	wanted := append(command{"go", "run", "./scripts/bootstrap", "-identity", d.made.PrincipalID.Value}, d.rights...)
	if d.options.yes {
		wanted = append(wanted, "-yes")
	}
	err = d.do(ctx, wanted, "AZURE_TENANT_ID="+tenant)
	if err != nil {
		return fmt.Errorf("%w\nWhoever administers the tenant can run that command elsewhere; then go on with -from %s, and not before", err, stepPublish)
	}
	return nil
}

func (d *deployment) publish(ctx context.Context) error {
	err := d.outputs(ctx)
	if err != nil {
		return err
	}
	return d.do(ctx, command{"az", "functionapp", "deployment", "source", "config-zip", "--resource-group", d.options.group,
		"--name", d.made.AppName.Value, "--src", d.published()})
}

// try asks the running service about itself, and for a real grant where there is something to try on.
func (d *deployment) try(ctx context.Context) error {
	err := d.outputs(ctx)
	if err != nil {
		return err
	}
	address := "https://" + d.made.HostName.Value
	err = d.awaitStart(ctx, address)
	if err != nil {
		return err
	}
	key, err := d.output(ctx, command{"az", "functionapp", "keys", "list", "--resource-group", d.options.group, "--name", d.made.AppName.Value,
		"--query", "functionKeys.default", "--output", "tsv"})
	if err != nil {
		return err
	}
	err = d.do(ctx, command{"go", "run", "./scripts/doctor", address}, "MAILGRANT_KEY="+key)
	if err != nil {
		return fmt.Errorf("%w: each finding above says what mends it", err)
	}
	if d.options.mailbox == "" {
		fmt.Fprintln(d.out, "# no trial: -workload and -mailbox name a test application and a test mailbox")
		return nil
	}
	return d.do(ctx, command{"go", "run", "./scripts/smoke", "-service", address, "-workload", d.options.workload, "-mailbox", d.options.mailbox}, "MAILGRANT_KEY="+key)
}

// looksForStart: with a pause of ten seconds, five minutes.
const looksForStart = 30

// awaitStart waits until the service answers; the platform takes its time after a package is new.
func (d *deployment) awaitStart(ctx context.Context, address string) error {
	fmt.Fprintf(d.out, "# until it answers: GET %s/api/health\n", address)
	if d.options.dryRun {
		return nil
	}
	last := "no answer"
	for range looksForStart {
		status, err := d.look(ctx, address+"/api/health")
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case err != nil:
			last = err.Error()
		case status == http.StatusOK:
			return nil
		default:
			last = fmt.Sprintf("answered %d", status)
		}
		wait := time.NewTimer(d.pause)
		select {
		case <-wait.C:
		case <-ctx.Done():
			wait.Stop()
			return ctx.Err()
		}
	}
	return fmt.Errorf("%s does not serve (%s): az functionapp log tail, or the traces in Application Insights, say why", address, last)
}

func (d *deployment) look(ctx context.Context, address string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return 0, err
	}
	response, err := d.client.Do(request)
	if err != nil {
		return 0, err
	}
	defer response.Body.Close()
	_, err = io.Copy(io.Discard, response.Body)
	return response.StatusCode, err
}
