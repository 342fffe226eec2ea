package tenant

import "net/http"

// The refusals of the cmdlets for groups, policies and mailbox permissions. All types and texts are
// inferred but the text of a full policy space (PowerShell reference, New-ApplicationAccessPolicy).

func alreadyMember(name string) failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client", subject: name,
		exception: "Microsoft.Exchange.Management.Tasks.MemberAlreadyExistsException",
		texts: [languages]string{
			english: "The recipient '%s' is already a member of the group.",
			german:  "Der Empfänger '%s' ist bereits Mitglied der Gruppe.",
		},
	}
}

func notMember(name string) failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client", subject: name,
		exception: "Microsoft.Exchange.Management.Tasks.MemberNotFoundException",
		texts: [languages]string{
			english: "The recipient '%s' isn't a member of the group.",
			german:  "Der Empfänger '%s' ist kein Mitglied der Gruppe.",
		},
	}
}

func notManager(name string) failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client", subject: name,
		exception: "Microsoft.Exchange.Configuration.Tasks.OperationRequiresGroupManagerException",
		texts: [languages]string{
			english: "You don't have sufficient permissions. This operation can only be performed by a manager of the group '%s'.",
			german:  "Sie haben nicht genügend Berechtigungen. Nur ein Verwalter der Gruppe '%s' kann dies tun.",
		},
	}
}

func noSecurityPrincipal(name string) failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client", subject: name,
		exception: "Microsoft.Exchange.Configuration.Tasks.RecipientTaskException",
		texts: [languages]string{
			english: "The recipient '%s' can't be used as a policy scope because it isn't a security principal.",
			german:  "Der Empfänger '%s' kann nicht als Richtlinienbereich verwendet werden, da er kein Sicherheitsprinzipal ist.",
		},
	}
}

func policySpaceFull() failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client",
		exception: "Microsoft.Exchange.Configuration.Tasks.TaskInvalidOperationException",
		texts: [languages]string{
			english: "The total size of App Access Policies exceeded the limit.",
			german:  "Die Gesamtgröße der App-Zugriffsrichtlinien hat den Grenzwert überschritten.",
		},
	}
}

func tooManyEntries(name string) failure {
	return failure{
		status: http.StatusBadRequest, code: "BadRequest", detailCode: "Client", subject: name,
		exception: "Microsoft.Exchange.Configuration.Tasks.TaskInvalidOperationException",
		texts: [languages]string{
			english: "The access control list of the mailbox '%s' is full.",
			german:  "Die Zugriffssteuerungsliste des Postfachs '%s' ist voll.",
		},
	}
}
