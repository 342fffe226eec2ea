package main

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"mailgrant/handler/simulator/stack"
	"mailgrant/handler/simulator/tenant"
)

// picture is the part of the tenant's dump that says who may do what.
type picture struct {
	Pointers []struct{ ObjectID string }
	Scopes   []struct{ Name, Filter string }
	Consents []struct{ Workload, Permission string }
	// Assignments without a scope reach every mailbox.
	Assignments []struct {
		Name, Workload, Role, Scope string
		Disabled                    bool
	}
}

func (p *play) picture() picture {
	var now picture
	err := json.Unmarshal(p.stack.Tenant.Dump(), &now)
	if err != nil {
		p.found.Fatalf("reading the dump: %v", err)
	}
	return now
}

// mark begins the name of everything that the service makes, where it can bear one.
const mark = "mg-" + stack.Installation + "-"

func isMarked(name string) bool { return strings.HasPrefix(name, mark) }

// remoteName is the name of a grant's object of that number.
func remoteName(id string, number int) string { return fmt.Sprintf("%s%s-%02d", mark, id, number) }

// objectsOf are the names in the tenant that bear the mark and the grant's id.
func (now picture) objectsOf(id string) []string {
	var names []string
	mark := mark + id + "-"
	for _, scope := range now.Scopes {
		if strings.HasPrefix(scope.Name, mark) {
			names = append(names, "scope "+scope.Name)
		}
	}
	for _, assignment := range now.Assignments {
		if strings.HasPrefix(assignment.Name, mark) {
			names = append(names, "assignment "+assignment.Name)
		}
	}
	return names
}

// grantOf is the grant whose mark a name bears; nil for a stranger's name.
func (p *play) grantOf(name string) *asked {
	for _, a := range p.asked {
		if strings.HasPrefix(name, mark+a.id+"-") {
			return a
		}
	}
	return nil
}

// tester asks the tenant's own test as an administrator would, from outside.
type tester struct {
	*play
	client *http.Client
	token  string
}

func (p *play) tester() *tester {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(p.stack.Tenant.CertificatePEM())
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}}
	return &tester{play: p, client: &http.Client{Transport: transport, Timeout: 10 * time.Second},
		token: p.stack.Tenant.Token(tenant.SampleServiceAppID, "exchange")}
}

// allowed lists the permissions that the workload is allowed on the mailbox by the
// tenant's own test. The tenant may throttle or lose the call: it is made again.
func (t *tester) allowed(workload, mailbox string) []string {
	body, _ := json.Marshal(map[string]any{"CmdletInput": map[string]any{"CmdletName": "Test-ServicePrincipalAuthorization",
		"Parameters": map[string]any{"Identity": workload, "Resource": mailbox}}})
	text := ""
	for range playTries {
		rows, answer, ok := t.test(body)
		if ok {
			return rows
		}
		text = answer
		time.Sleep(10 * time.Millisecond)
	}
	t.found.Fatalf("the tenant's test of %s on %s never answered: %s", workload, mailbox, text)
	return nil
}

func (t *tester) test(body []byte) ([]string, string, bool) {
	return t.page(body, t.stack.Tenant.URL()+"/adminapi/beta/"+t.stack.Tenant.TenantID()+"/InvokeCommand")
}

// page reads one page of the test's answer and those that follow it.
func (t *tester) page(body []byte, address string) ([]string, string, bool) {
	request, err := http.NewRequest(http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return nil, err.Error(), false
	}
	request.Header.Set("Authorization", "Bearer "+t.token)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-AnchorMailbox", "AppID:"+tenant.SampleServiceAppID+"@"+t.stack.Tenant.TenantID())
	response, err := t.client.Do(request)
	if err != nil {
		return nil, err.Error(), false
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err.Error(), false
	}
	if response.StatusCode == http.StatusNotFound || bytes.Contains(text, []byte("ManagementObjectNotFoundException")) {
		return nil, "", true
	}
	var answer struct {
		Value []struct {
			GrantedPermissions string
			InScope            any
		}
		Next string `json:"@odata.nextLink"`
	}
	err = json.Unmarshal(text, &answer)
	if err != nil || response.StatusCode != http.StatusOK {
		return nil, fmt.Sprint(response.StatusCode, string(text)), false
	}
	var allowed []string
	for _, row := range answer.Value {
		if strings.EqualFold(fmt.Sprint(row.InScope), "true") {
			allowed = append(allowed, strings.Split(row.GrantedPermissions, ",")...)
		}
	}
	if answer.Next == "" {
		return allowed, "", true
	}
	more, answered, ok := t.page(body, answer.Next)
	return append(allowed, more...), answered, ok
}

// cuts lists what an active grant gives and the tenant's test refuses.
func (t *tester) cuts() []string {
	answers := map[string][]string{}
	var cut []string
	for _, a := range t.asked {
		if a.seen.State != "active" {
			continue
		}
		for _, mailbox := range a.mailboxes {
			key := a.workload + " " + mailbox
			if _, known := answers[key]; !known {
				answers[key] = t.allowed(a.workload, mailbox)
			}
			for _, permission := range a.permissions {
				if !slices.Contains(answers[key], permission) {
					cut = append(cut, fmt.Sprintf("the live grant %s has lost %s on %s", a.id, permission, mailbox))
				}
			}
		}
	}
	return cut
}

// overhangs lists what is in the tenant of grants that have ended.
func (p *play) overhangs() []string {
	now := p.picture()
	var left []string
	for _, a := range p.asked {
		if !a.seen.ended() {
			continue
		}
		for _, name := range now.objectsOf(a.id) {
			left = append(left, fmt.Sprintf("%s of the %s grant %s is in the tenant", name, a.seen.State, a.id))
		}
	}
	return left
}

// reaches asks the data plane whether the workload can do what the permission says to
// the mailbox now.
func (p *play) reaches(workload, mailbox, permission string) bool {
	called := playCalls[permission]
	token := p.stack.Tenant.Token(workload, "graph")
	status, body := p.stack.Tenant.Call(called[0], "/v1.0/users/"+mailbox+"/"+called[1], token)
	if status != http.StatusForbidden && status/100 != 2 {
		p.found.Fatalf("the data plane answered %d %s", status, body)
	}
	return status/100 == 2
}
