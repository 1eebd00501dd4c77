/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The device table: what a Coffer board calls itself on USB. The one place from which descriptors
 * (firmware), device search (host library), udev rule and documentation are made. Macros only.
 */
#ifndef COFFER_DEVICE_H
#define COFFER_DEVICE_H

/* A test id of pid.codes, until an own one is granted: not for sale or distribution. */
#define COFFER_USB_VENDOR_ID  0x1209
#define COFFER_USB_PRODUCT_ID 0x0001

#define COFFER_USB_MANUFACTURER "Coffer"
#define COFFER_USB_PRODUCT      "Coffer crypto-session accelerator"

/* Every interface is a context; vendor-specific class. */
#define COFFER_USB_CLASS              0xFF
#define COFFER_USB_SUBCLASS           0x00
#define COFFER_USB_INTERFACE_PROTOCOL 0x00

/* Endpoints of interface k at alternate setting 1. */
#define COFFER_ENDPOINT_OUT(k) ((k) + 1)
#define COFFER_ENDPOINT_IN(k)  (0x80 | ((k) + 1))

/* String descriptors (English, 0x0409). CONTEXTS reads "3 of 4 contexts free"; it changes as contexts
 * are opened and closed, and is readable without a claim. */
#define COFFER_STRING_MANUFACTURER 1
#define COFFER_STRING_PRODUCT      2
#define COFFER_STRING_SERIAL       3
#define COFFER_STRING_CONTEXTS     4

/* Serial number of a board without a valid identity record. */
#define COFFER_SERIAL_NONE "unprovisioned"

/* DeviceInterfaceGUIDs of the Microsoft OS 2.0 descriptors, the same for every interface. */
#define COFFER_INTERFACE_GUID "{6B2A1C7E-4D0F-4B6B-9C0E-C0FFE2C0DE01}"

#endif
