// The function app: Flex Consumption with a custom handler. The package lies in a blob
// container that the platform reads with the app's identity.

@description('Name of the app.')
param name string

@description('Name of its plan; Flex Consumption takes one app a plan.')
param planName string

@description('Id of the identity that it runs under.')
param identityId string

@description('Address of the container that holds the package.')
param packageContainer string

@description('Megabytes for one instance.')
param instanceMemory int

@description('How far it may scale out.')
param maximumInstances int

@description('Instances that are kept warm for HTTP.')
param warmInstances int

@description('App settings, references to secrets among them.')
param settings object

@description('Sign-in: on, clientId, issuer, principals, required and missing (what a call without a token gets), secretSetting.')
param signIn object

@description('Where it lies.')
param location string

@description('Tags.')
param tags object

resource plan 'Microsoft.Web/serverfarms@2024-11-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
  }
}

resource app 'Microsoft.Web/sites@2024-11-01' = {
  name: name
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    publicNetworkAccess: 'Enabled'
    keyVaultReferenceIdentity: identityId
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      ftpsState: 'Disabled'
      http20Enabled: true
      remoteDebuggingEnabled: false
    }
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainer
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'custom'
        version: '1.0'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: instanceMemory
        maximumInstanceCount: maximumInstances
        alwaysReady: [
          {
            name: 'http'
            instanceCount: warmInstances
          }
        ]
      }
    }
  }
}

resource appSettings 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'appsettings'
  properties: settings
}

// Publishing takes a role and no password.
resource publishing 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

resource transfer 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-11-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource callers 'Microsoft.Web/sites/config@2024-11-01' = {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: {
      enabled: signIn.on
      runtimeVersion: '~1'
    }
    globalValidation: {
      requireAuthentication: signIn.required
      unauthenticatedClientAction: signIn.missing
      excludedPaths: [
        '/api/health'
      ]
    }
    httpSettings: {
      requireHttps: true
    }
    identityProviders: {
      azureActiveDirectory: {
        enabled: signIn.on
        registration: {
          clientId: signIn.clientId
          clientSecretSettingName: signIn.secretSetting
          openIdIssuer: signIn.issuer
        }
        validation: {
          allowedAudiences: [
            'api://${signIn.clientId}'
          ]
          defaultAuthorizationPolicy: {
            allowedPrincipals: {
              identities: signIn.principals
            }
          }
        }
      }
    }
    login: {
      tokenStore: {
        enabled: false
      }
    }
  }
}

output name string = app.name
output hostName string = app.properties.defaultHostName
